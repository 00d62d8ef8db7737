import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { EspalierError } from '../../ports/errors.ts';

/** A Unix socket's path, with its closing zero, has to fit into 108 bytes. */
const MAX_SOCKET_PATH_BYTES = 107;

/**
 * Where the runner of a folder listens: `<dir>/socket`, or, if that is too long, a short path in a
 * folder of ours that nobody else can enter. Every process of the user finds the same one.
 */
export function socketPath(dir: string): string {
  const near = join(dir, 'socket');
  if (Buffer.byteLength(near) <= MAX_SOCKET_PATH_BYTES) return near;
  const { uid } = userInfo();
  const digest = createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 16);
  const { XDG_RUNTIME_DIR } = process.env;
  const bases = [XDG_RUNTIME_DIR, tmpdir(), '/tmp'].filter((base) => base !== undefined);
  for (const base of bases) {
    const folder = join(base, `espalier-${uid}`);
    const path = join(folder, digest);
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) continue;
    makePrivateFolder(folder, uid);
    return path;
  }
  throw new EspalierError(
    'Unsupported',
    `no path for a socket is short enough: ${bases.join(', ')}`,
  );
}

/** In a folder that everybody may write to, another user could have made ours before us. */
function makePrivateFolder(folder: string, uid: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stat = lstatSync(folder);
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o077) !== 0) {
    throw new EspalierError(
      'Unsupported',
      `${folder} has to be a folder of yours with mode 700; remove it and try again`,
    );
  }
}
