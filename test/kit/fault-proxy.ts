import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { KeyPair } from '../../controller/src/adapters/nats/certificates.ts';
import type { ControlPlane } from './control-plane.ts';
import {
  disturb,
  type Exchange,
  needsWholeResponse,
  relayWatch,
  sendAnswer,
  wholeAnswer,
} from './fault-exchange.ts';
import type { FaultRule, RequestRecord, SeenRequest } from './fault-rules.ts';
import { createUpstream, endToEndHeaders, readBody } from './http-relay.ts';
import { resetSocket } from './reset-socket.ts';
import { createRuleBook } from './rule-book.ts';
import { createTally } from './tally.ts';

export interface FaultProxyOptions {
  /** The server behind it: `https://127.0.0.1:6443`, `http://127.0.0.1:7070`. */
  readonly upstream: string;
  /** PEM of the authority of an https server. */
  readonly upstreamCa?: string;
  /** Serve https with this certificate; without it http. */
  readonly tls?: KeyPair;
  readonly rules?: readonly FaultRule[];
  /** Keep the bodies of writes for rules and the log; false streams them. @default true */
  readonly keepBodies?: boolean;
  /** Of the generator behind `chance`. @default 1 */
  readonly seed?: number;
}

/** A proxy that spoils what its rules say, and passes on everything else as it comes. */
export interface FaultProxy {
  readonly url: string;
  readonly port: number;
  /** Every request so far, in the order of arrival. */
  readonly requests: readonly SeenRequest[];
  /** The writes among them; `writes[i].write === i + 1`. */
  readonly writes: readonly SeenRequest[];
  /** Connections that are open now. */
  readonly connections: number;
  /** Adds a rule after the others; the returned function takes it away again. */
  addRule(rule: FaultRule): () => void;
  clearRules(): void;
  /** Resolves when the server has answered `count` more writes. */
  afterWrites(count: number): Promise<void>;
  /** Resets every open connection. */
  cutAll(): void;
  close(): Promise<void>;
}

/** Puts a proxy in front of a control plane; clients use bearer tokens and the plane's authority. */
export function startKubeProxy(
  plane: ControlPlane,
  options: Omit<FaultProxyOptions, 'upstream' | 'upstreamCa' | 'tls'> = {},
): Promise<FaultProxy> {
  const tls = plane.authority.issue({
    commonName: 'fault-proxy',
    hosts: ['127.0.0.1', 'localhost'],
  });
  return startFaultProxy({ ...options, upstream: plane.url, upstreamCa: plane.ca, tls });
}

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Starts a proxy on a free port of 127.0.0.1. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { tls, keepBodies = true } = options;
  const upstream = createUpstream(options.upstream, options.upstreamCa);
  const rules = createRuleBook(options.rules ?? [], options.seed ?? 1);
  const requests: RequestRecord[] = [];
  const writes: RequestRecord[] = [];
  const answered = createTally();
  const sockets = new Map<number, Socket>();

  const reset = (response: ServerResponse): void => {
    // The TCP socket under TLS: only that one can send a reset.
    const port = response.socket?.remotePort;
    const socket = port === undefined ? undefined : sockets.get(port);
    if (socket === undefined) response.destroy();
    else resetSocket(socket);
  };

  const register = (incoming: IncomingMessage): RequestRecord => {
    const { method = 'GET', url: path = '/' } = incoming;
    const isWrite = WRITES.has(method);
    const request: RequestRecord = {
      number: requests.length + 1,
      write: isWrite ? writes.length + 1 : undefined,
      method,
      path,
      isWatch: method === 'GET' && /[?&]watch=(true|1)(&|$)/.test(path),
      userAgent: incoming.headers['user-agent'] ?? '',
      body: '',
      atMs: performance.now(),
      faults: [],
      serverStatus: undefined,
      clientStatus: undefined,
      clientGone: false,
    };
    requests.push(request);
    if (isWrite) writes.push(request);
    return request;
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    const request = register(incoming);
    response.once('close', () => {
      if (!response.writableFinished) request.clientGone = true;
      gone.abort(new Error('the client went away'));
    });
    response.once('finish', () => {
      request.clientStatus = response.statusCode;
    });
    if (request.write !== undefined && keepBodies) {
      request.body = (await readBody(incoming)).toString('utf8');
    }
    const faults = rules.choose(request);
    const exchange: Exchange = {
      request,
      response,
      gone: gone.signal,
      reset: () => reset(response),
    };
    if (await disturb('before', faults, exchange)) return;

    const rewrite = faults.find((fault) => fault.kind === 'rewrite');
    const headers = endToEndHeaders(incoming);
    const isStreamed = request.write === undefined || !keepBodies;
    const body = isStreamed
      ? incoming
      : Buffer.from(rewrite?.request?.(request.body) ?? request.body);
    if (Buffer.isBuffer(body)) headers['content-length'] = body.length;
    if (rewrite !== undefined) delete headers['accept-encoding'];
    const path = rewrite?.path?.(request.path) ?? request.path;
    // A write goes on without its client, as it would on a server; a read has nobody to go to.
    const signal = request.write === undefined ? gone.signal : new AbortController().signal;
    const send = () => upstream.send({ method: request.method, path, headers, body, signal });

    const reply = await send();
    request.serverStatus = reply.statusCode ?? 0;
    if (request.isWatch && reply.statusCode === 200) {
      await relayWatch(reply, faults, exchange, answered.after);
      return;
    }
    const isWhole = request.write !== undefined || faults.some(needsWholeResponse);
    if (!isWhole) {
      response.writeHead(reply.statusCode ?? 502, endToEndHeaders(reply));
      await pipeline(reply, response);
      return;
    }
    let answer = await wholeAnswer(reply);
    const duplicate = faults.find((fault) => fault.kind === 'duplicate');
    if (duplicate !== undefined && Buffer.isBuffer(body)) {
      const second = await wholeAnswer(await send());
      if (duplicate.answer === 'second') answer = second;
    }
    if (request.write !== undefined) answered.add();
    if (await disturb('after', faults, exchange)) return;
    const changed = rewrite?.response?.(answer.body.toString('utf8'));
    await sendAnswer(changed === undefined ? answer : { ...answer, body: Buffer.from(changed) }, {
      faults,
      exchange,
    });
  };

  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    handle(incoming, response).catch((error: Error) => {
      // The server went away or the client did: either way the client sees a broken connection.
      if (!response.writableEnded) response.destroy(error);
    });
  };
  const server =
    tls === undefined
      ? createHttp(listener)
      : createHttps({ cert: tls.certificate, key: tls.key, ALPNProtocols: ['http/1.1'] }, listener);
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.keepAliveTimeout = 0; // the server decides when a connection is idle for too long
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('tlsClientError', () => {});
  const front = createTcp((socket) => {
    const port = socket.remotePort;
    if (port === undefined) return;
    sockets.set(port, socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(port));
    server.emit('connection', socket);
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  front.once('error', reject);
  front.listen({ port: 0, host: '127.0.0.1' }, resolve);
  await listening;
  const { port } = front.address() as AddressInfo;
  const cutAll = () => {
    for (const socket of sockets.values()) resetSocket(socket);
  };

  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests,
    writes,
    get connections() {
      return sockets.size;
    },
    addRule: rules.add,
    clearRules: rules.clear,
    afterWrites: (count) => answered.after(count),
    cutAll,
    close: async () => {
      const closed = new Promise<void>((done) => {
        front.close(() => done());
      });
      cutAll();
      upstream.close();
      await closed;
    },
  };
}
