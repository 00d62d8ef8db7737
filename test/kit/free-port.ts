import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range from which Linux takes ports of outgoing connections (32768 and up), so that a
// server that restarts finds its port free again.
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Resolves with a TCP port that nothing listens on now; random, so that test processes rarely meet. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
  throw new Error(`found no free port between ${LOWEST} and ${HIGHEST} in 50 attempts`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
      server.close(() => resolve(true)),
    );
  });
}
