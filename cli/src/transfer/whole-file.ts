import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { notFound } from '../failure.ts';
import { printable } from '../render/printable.ts';

/**
 * Writes a file whole or not at all: whoever reads the path sees the old content or the new. A link stays one;
 * what is no file, such as a pipe or a device, is written to and never replaced.
 *
 * @throws {Failure} if its folder is not there.
 */
export async function writeWholeFile(path: string, content: string | Buffer): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile()) return writeFile(path, content);
  const target = found === undefined ? path : await realpath(path);
  const temporary = `${target}.${randomUUID()}.part`;
  try {
    const file = await open(temporary, 'wx').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
      throw notFound(`there is no folder ${printable(dirname(target))}`, ['make it first']);
    });
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
