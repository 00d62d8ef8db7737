import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KeyPair } from '../../../controller/src/adapters/nats/certificates.ts';

/** The kubelet's port, as far as `kubectl logs` needs it. */
export interface LogServer {
  readonly port: number;
  close(): Promise<void>;
}

/** The log file of a container; undefined = there is none, or none any more. */
export type FindLog = (namespace: string, pod: string, container: string) => string | undefined;

/** Answers `/containerLogs/...` on a free port; follows no log and knows no times. */
export async function startLogServer(pair: KeyPair, findLog: FindLog): Promise<LogServer> {
  const server = createServer({ cert: pair.certificate, key: pair.key }, (request, response) =>
    answer(request, response, findLog),
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ port: 0, host: '127.0.0.1' }, resolve);
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, findLog: FindLog): void {
  const url = new URL(request.url ?? '/', 'https://kubelet');
  const [, root, namespace = '', pod = '', container = ''] = url.pathname.split('/');
  const file = root === 'containerLogs' ? findLog(namespace, pod, container) : undefined;
  if (file === undefined) {
    response.writeHead(404).end(`no log of ${container} in pod ${pod}`);
    return;
  }
  const lines = url.searchParams.get('tailLines');
  const bytes = url.searchParams.get('limitBytes');
  let text: Buffer = readFileSync(file);
  if (lines !== null) text = lastLines(text, Number(lines));
  // The kubelet counts from the beginning of what it would send.
  if (bytes !== null) text = text.subarray(0, Number(bytes));
  response.writeHead(200, { 'content-type': 'text/plain' }).end(text);
}

const LINE_END = 0x0a;

function lastLines(text: Buffer, count: number): Buffer {
  if (count <= 0) return Buffer.alloc(0);
  let from = text.at(-1) === LINE_END ? text.length - 1 : text.length;
  for (let seen = 0; seen < count; seen++) {
    from = text.lastIndexOf(LINE_END, from - 1);
    if (from <= 0) return text;
  }
  return text.subarray(from + 1);
}
