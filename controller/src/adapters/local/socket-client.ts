import { createConnection } from 'node:net';
import { EspalierError } from '../../ports/errors.ts';
import { errorCode } from './durable-file.ts';
import { MAX_RESPONSE_BYTES, type SocketRequest, type SocketResponse } from './wire.ts';

/** Nobody answers there: no runner lives, or it ended before it answered. */
export const NOBODY = Symbol('nobody answers');

/**
 * Asks the runner that listens at `path`.
 *
 * @throws EspalierError what the runner answered.
 */
export async function ask(path: string, request: SocketRequest): Promise<unknown | typeof NOBODY> {
  const text = await exchange(path, `${JSON.stringify(request)}\n`);
  if (text === undefined) return NOBODY;
  const response = JSON.parse(text) as SocketResponse;
  if (response.ok) return response.result;
  throw new EspalierError(response.code, response.message);
}

/** The line that came back; undefined if none did. */
function exchange(path: string, line: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const socket = createConnection(path, () => socket.write(line));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_RESPONSE_BYTES) {
        socket.destroy();
        reject(new EspalierError('Storage', 'the runner answers without end'));
      }
    });
    socket.on('error', (cause) => {
      const nobody = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTSOCK'];
      if (nobody.includes(errorCode(cause) ?? '')) resolve(undefined);
      else reject(new EspalierError('Storage', `cannot reach the runner at ${path}`, { cause }));
    });
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      resolve(text.endsWith('\n') ? text : undefined);
    });
  });
}
