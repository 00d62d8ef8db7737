import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { resetSocket } from './reset-socket.ts';

/** What a TCP proxy does with the bytes; settings count at once, for open connections too. */
export interface TcpFaults {
  /** Half-open: nothing passes in either direction, and both sides keep their connection. */
  readonly frozen: boolean;
  /** New connections are reset. */
  readonly refusing: boolean;
  /** In each direction of each connection; undefined is no bound. */
  readonly bytesPerSecond: number | undefined;
  /** Before each piece is passed on. */
  readonly delayMs: number;
}

/** A proxy for protocols that it does not understand, such as NATS. */
export interface TcpProxy {
  readonly port: number;
  /** How many connections were made so far, and how many are open. */
  readonly connections: { readonly total: number; readonly open: number };
  set(faults: Partial<TcpFaults>): void;
  /** Resets every open connection on both sides. */
  cutAll(): void;
  close(): Promise<void>;
}

const POLL_MS = 20;

/** Starts a proxy on a free port of 127.0.0.1 in front of a TCP server. */
export async function startTcpProxy(upstream: {
  readonly host?: string;
  readonly port: number;
}): Promise<TcpProxy> {
  let faults: TcpFaults = { frozen: false, refusing: false, bytesPerSecond: undefined, delayMs: 0 };
  const open = new Set<Socket>();
  let total = 0;

  const relay = async (from: Socket, to: Socket): Promise<void> => {
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        const bytes = chunk as Buffer;
        if (faults.delayMs > 0) await sleep(faults.delayMs);
        const rate = faults.bytesPerSecond;
        const piece = rate === undefined ? bytes.length : Math.max(1, Math.floor(rate / 50));
        for (let at = 0; at < bytes.length; at += piece) {
          while (faults.frozen && !to.destroyed) await sleep(POLL_MS);
          if (to.destroyed) return;
          if (!to.write(bytes.subarray(at, at + piece))) await drained(to);
          if (rate !== undefined) await sleep((piece / rate) * 1000);
        }
      }
      to.end();
    } catch {
      to.destroy(); // one side broke, so the other must see it
    }
  };

  const server = createServer({ allowHalfOpen: true }, (client) => {
    total += 1;
    if (faults.refusing) {
      resetSocket(client);
      return;
    }
    const target = createConnection({ host: '127.0.0.1', ...upstream, allowHalfOpen: true });
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    }
    client.once('close', () => target.destroy());
    target.once('close', () => client.destroy());
    void relay(client, target);
    void relay(target, client);
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ port: 0, host: '127.0.0.1' }, resolve);
  await listening;
  const cutAll = (): void => {
    for (const socket of open) resetSocket(socket);
  };
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return { total, open: open.size / 2 };
    },
    set: (change) => {
      faults = { ...faults, ...change };
    },
    cutAll,
    close: async () => {
      const closed = new Promise<void>((done) => {
        server.close(() => done());
      });
      cutAll();
      await closed;
    },
  };
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve);
    socket.once('close', () => resolve());
  });
}
