import type { Socket } from 'node:net';

/**
 * Ends a TCP connection by a reset; by an ordinary close if its sending side has ended already.
 *
 * libuv refuses to reset a socket that is being shut down, and Node 24 then forgets to close it and
 * spins for ever when the process ends.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded || socket.destroyed) socket.destroy();
  else socket.resetAndDestroy();
}
