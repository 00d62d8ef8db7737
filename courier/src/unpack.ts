import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { tarEntries } from './tar-entries.ts';
import { TarError } from './tar-header.ts';

export interface UnpackLimits {
  /** Of all files together. */
  readonly bytes: number;
  readonly entries: number;
}

/** How much was unpacked. */
export interface Unpacked {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Unpacks a tar archive into an empty folder of ours. Files are created, never overwritten or followed,
 * so two entries of one name are an error; owners, modes and times of the archive are not taken over.
 *
 * @throws {TarError} if the archive is not one to trust or passes a limit; what was unpacked so far
 *   stays, for the caller to remove.
 */
export async function unpack(
  archive: AsyncIterable<Buffer>,
  folder: string,
  limits: UnpackLimits,
): Promise<Unpacked> {
  let bytes = 0;
  let entries = 0;
  let files = 0;
  const made = new Set<string>(['']);
  for await (const { kind, path, size, content } of tarEntries(archive)) {
    entries += 1;
    if (entries > limits.entries) throw new TarError(`more than ${limits.entries} entries`);
    bytes += size;
    if (bytes > limits.bytes) throw new TarError(`more than ${limits.bytes} bytes of files`);
    if (kind === 'folder') {
      await makeFolder(folder, path, made);
      continue;
    }
    files += 1;
    await makeFolder(folder, path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '', made);
    await writeNew(join(folder, path), path, content);
  }
  return { files, bytes };
}

async function makeFolder(root: string, path: string, made: Set<string>): Promise<void> {
  if (made.has(path)) return;
  try {
    await mkdir(join(root, path), { recursive: true });
  } catch (error) {
    throw blame(error, path);
  }
  // Only a cache: a data set of many folders need not be remembered whole.
  if (made.size > 10_000) made.clear();
  made.add(path);
}

async function writeNew(
  target: string,
  path: string,
  content: AsyncIterable<Buffer>,
): Promise<void> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(target, 'wx', 0o644);
  } catch (error) {
    throw blame(error, path);
  }
  try {
    for await (const piece of content) {
      for (let done = 0; done < piece.length; ) {
        done += (await file.write(piece, done)).bytesWritten;
      }
    }
  } finally {
    await file.close();
  }
}

/** Two entries that are in each other's way are the archive's fault; a full disk is not. */
function blame(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EEXIST' && code !== 'ENOTDIR' && code !== 'EISDIR') return error;
  return new TarError(`two entries of one name: ${JSON.stringify(path)}`, { cause: error });
}
