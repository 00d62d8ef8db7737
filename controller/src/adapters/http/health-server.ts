import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthOptions {
  /** Empty = every address. */
  readonly host: string;
  /** 0 = any that is free. */
  readonly port: number;
  /** Why it is not ready; undefined = it is. */
  readonly whyNotReady: () => string | undefined;
  readonly metrics: () => Promise<string>;
}

/** `/healthz`, `/readyz` and `/metrics` for the kubelet and Prometheus; nothing else. */
export class HealthServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen({ host, port, whyNotReady, metrics }: HealthOptions): Promise<HealthServer> {
    const server = createServer((request, response) => {
      const answer = (status: number, body: string) => {
        response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
        response.end(body);
      };
      if (request.method !== 'GET') return answer(405, 'only GET\n');
      switch (request.url?.split('?')[0]) {
        // Whoever answers is alive: a hung event loop does not.
        case '/healthz':
          return answer(200, 'ok\n');
        case '/readyz': {
          const why = whyNotReady();
          return why === undefined ? answer(200, 'ok\n') : answer(503, `${why}\n`);
        }
        case '/metrics':
          metrics().then(
            (text) => answer(200, text),
            (error: unknown) => answer(500, `${String(error)}\n`),
          );
          return;
        default:
          return answer(404, 'not found\n');
      }
    });
    server.listen(port, host === '' ? undefined : host);
    await once(server, 'listening');
    return new HealthServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
