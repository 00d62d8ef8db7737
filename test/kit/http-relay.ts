import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';

/** The server behind a proxy. */
export interface Upstream {
  /** Sends a request with the client's own headers, Host included, since signatures cover it. */
  send(request: Forwarded): Promise<IncomingMessage>;
  close(): void;
}

/** A request on its way to the server. */
export interface Forwarded {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer | Readable;
  /** Ends the request as a client that goes away does. */
  readonly signal: AbortSignal;
}

/** A complete answer. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** Connects to a server by http or https; connections are reused. */
export function createUpstream(url: string, ca?: string): Upstream {
  const base = new URL(url);
  const options = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
  const secure = base.protocol === 'https:';
  const agent = secure
    ? new HttpsAgent({ ...options, ...(ca === undefined ? {} : { ca }) })
    : new HttpAgent(options);
  const send = ({ method, path, headers, body, signal }: Forwarded): Promise<IncomingMessage> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const open = secure ? httpsRequest : httpRequest;
    const request = open({
      host: base.hostname,
      port: base.port,
      // The client's Host header names the proxy; TLS needs the server's name.
      ...(secure ? { servername: '' } : {}),
      method,
      path,
      headers,
      agent,
      signal,
    });
    request.once('response', resolve);
    request.once('error', reject);
    if (Buffer.isBuffer(body)) request.end(body);
    else body.pipe(request);
    return promise;
  };
  return { send, close: () => agent.destroy() };
}

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect', // Node has answered it already
]);

/** The headers of a message that belong to it rather than to its connection, repeats kept. */
export function endToEndHeaders(message: IncomingMessage): OutgoingHttpHeaders {
  const entries = Object.entries(message.headersDistinct).filter(([name]) => !HOP_BY_HOP.has(name));
  return Object.fromEntries(
    entries.map(([name, values = []]) => [name, values.length === 1 ? values[0] : values]),
  );
}

/** Reads a message to its end. */
export async function readBody(message: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
