import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { EspalierError } from '../../ports/errors.ts';
import { describeProblem } from './damaged.ts';
import type { LocalClient } from './engine.ts';
import {
  encodeTrialView,
  MAX_REQUEST_BYTES,
  parseRequest,
  type SocketRequest,
  type SocketResponse,
} from './wire.ts';

/** What the commands of other terminals may ask; the runner itself. */
export type Answering = Pick<
  LocalClient,
  'experiments' | 'experiment' | 'trials' | 'events' | 'setDesiredState' | 'deleteExperiment'
>;

/** A connection that asks nothing for so long is closed. */
const IDLE_MS = 10_000;

/** Answers on a Unix socket that only the owner can use; the holder of the lock may replace it. */
export class SocketServer {
  readonly #path: string;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  private constructor(path: string, answering: Answering) {
    this.#path = path;
    this.#server = createServer((socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
      serve(socket, answering);
    });
  }

  static async listen(path: string, answering: Answering): Promise<SocketServer> {
    const server = new SocketServer(path, answering);
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
    return server;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#open) socket.destroySoon();
    rmSync(this.#path, { force: true });
    await closed;
  }
}

function serve(socket: Socket, answering: Answering): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  // The other side may vanish at any moment; nothing is lost with it.
  socket.on('error', () => socket.destroy());
  const take = (chunk: string): void => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end === -1) {
      if (text.length > MAX_REQUEST_BYTES) socket.destroy();
      return;
    }
    socket.off('data', take);
    // A deletion may wait for trainers that save.
    socket.setTimeout(0);
    void respond(answering, text.slice(0, end)).then((response) => {
      socket.end(`${JSON.stringify(response)}\n`);
    });
  };
  socket.on('data', take);
}

async function respond(answering: Answering, line: string): Promise<SocketResponse> {
  try {
    return { ok: true, result: await answer(answering, parseRequest(line)) };
  } catch (error) {
    const code = error instanceof EspalierError ? error.code : 'Storage';
    return { ok: false, code, message: describeProblem(error) };
  }
}

async function answer(answering: Answering, request: SocketRequest): Promise<unknown> {
  switch (request.method) {
    case 'experiments':
      return answering.experiments();
    case 'experiment':
      return answering.experiment(request.key);
    case 'trials':
      return (await answering.trials(request.key)).map(encodeTrialView);
    case 'events':
      return answering.events(request.key);
    case 'deleteExperiment':
      return answering.deleteExperiment(request.key);
    case 'setDesiredState':
      return answering.setDesiredState(request.key, request.state);
  }
}
