import type { BigIntStats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDataPath } from '@espalier/api';
import { invalid, messageOf } from '../failure.ts';
import { printable } from '../render/printable.ts';

/** One entry of a folder, as it goes into an archive. */
export interface ScannedEntry {
  /** Relative, with slashes; that of a folder ends with one. */
  readonly path: string;
  /** 0 for a folder. */
  readonly size: number;
  /** Tells whether a file was written since; 0 for a folder. */
  readonly modifiedNs: bigint;
}

/**
 * Everything below `folder`, each folder before what is in it, sorted by the bytes of the names: the
 * same files give the same list on every machine.
 *
 * @throws {Failure} if there is nothing, or something that is neither file nor folder, or a
 * name that no pod would unpack. Links are
 * refused and not followed: what they point at may be elsewhere, or change unseen.
 */
export async function scanFolder(folder: string): Promise<readonly ScannedEntry[]> {
  const root = await lookAt(folder, folder);
  if (!root.isDirectory()) throw invalid(`${printable(folder)} is no folder`);
  const found: ScannedEntry[] = [];
  await walk(folder, '', found);
  if (!found.some(({ path }) => !path.endsWith('/'))) {
    throw invalid(`there is no file in ${printable(folder)}`);
  }
  return found;
}

async function walk(folder: string, path: string, found: ScannedEntry[]): Promise<void> {
  const names = await readdir(join(folder, path), { encoding: 'buffer' });
  for (const raw of names.sort(Buffer.compare)) {
    const name = raw.toString('utf8');
    const inside = `${path}${name}`;
    if (!Buffer.from(name).equals(raw)) {
      throw invalid(`the name of ${printable(inside)} is not UTF-8`, ['rename that file']);
    }
    if (!isDataPath(inside)) {
      throw invalid(`${printable(inside)} cannot be unpacked everywhere`, [
        'names must be short, without control characters and backslashes: rename it',
      ]);
    }
    const stats = await lookAt(join(folder, inside), inside);
    if (stats.isDirectory()) {
      found.push({ path: `${inside}/`, size: 0, modifiedNs: 0n });
      await walk(folder, `${inside}/`, found);
    } else if (stats.isFile()) {
      found.push({ path: inside, size: Number(stats.size), modifiedNs: stats.mtimeNs });
    } else if (stats.isSymbolicLink()) {
      throw invalid(`${printable(inside)} is a symbolic link`, [
        'put the file itself there: cp -rL FOLDER COPY makes a copy without links',
      ]);
    } else {
      throw invalid(`${printable(inside)} is neither a file nor a folder`, ['move it away']);
    }
  }
}

async function lookAt(path: string, shown: string): Promise<BigIntStats> {
  try {
    return await lstat(path, { bigint: true });
  } catch (cause) {
    const why = messageOf(cause);
    throw invalid(`cannot look at ${printable(shown)}: ${why}`);
  }
}
