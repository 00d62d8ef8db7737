import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isArtifactPath, type ManifestFile } from '@espalier/api';

/**
 * Opens a file of the attempt's folder for reading. Open, it stays readable when the trainer deletes it.
 *
 * @throws {Error} if it is no plain file there: the trainer's folder may hold anything.
 */
export async function openAttemptFile(folder: string, path: string): Promise<FileHandle> {
  if (!isArtifactPath(path)) throw new Error(`${path} is not the path of an artifact`);
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  // The last part of a path is checked by the kernel; ours has at most one folder before it.
  if (path.includes('/')) {
    const above = constants.O_DIRECTORY | constants.O_NOFOLLOW;
    await (await open(join(folder, dirname(path)), above)).close();
  }
  const file = await open(join(folder, path), flags);
  try {
    if (!(await file.stat()).isFile()) throw new Error(`${path} is not a plain file`);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Size and digest of what a file holds now. */
export async function digestOf(file: FileHandle): Promise<Pick<ManifestFile, 'size' | 'sha256'>> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false })) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return { size, sha256: hash.digest('hex') };
}
