import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

export interface Answer {
  readonly code: number;
  /** A text is sent as it is, anything else as JSON. */
  readonly body: unknown;
  /** More may come: the answer has no end, as that of a watch. */
  readonly goesOn?: boolean;
}

/** Something that answers as an API server; the kubeconfig's namespace is `team`. */
export async function useApiServer(
  t: TestContext,
  answer: (asked: Asked) => Answer,
): Promise<{ readonly kubeconfig: string; readonly dir: string; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => reply(request, response, body));
  });
  const reply = (request: IncomingMessage, response: ServerResponse, body: string) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const one = { method: request.method ?? '', path: pathname, query: searchParams, body };
    asked.push(one);
    const { code, body: content, goesOn = false } = answer(one);
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    response.writeHead(code, { 'content-type': 'application/json' });
    if (goesOn) response.write(text);
    else response.end(text);
  };
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const dir = mkdtempSync(join(tmpdir(), 'espalier-server-'));
  const kubeconfig = join(dir, 'kubeconfig');
  const config = {
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'team' } }],
    'current-context': 'x',
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  t.after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(dir, { recursive: true });
  });
  return { kubeconfig, dir, asked };
}

/** What an API server answers that refuses. */
export function refused(code: number, reason: string, message: string): Answer {
  return { code, body: { kind: 'Status', code, reason, message } };
}
