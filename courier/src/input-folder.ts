import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { RefusedError } from './refused-error.ts';
import { systemCode } from './say.ts';

/** Says what the folder holds, and whether it is whole. */
const MARK = '.espalier-input';

/**
 * Fills a folder of ours, such as a volume that may be no other folder renamed. It counts as filled once
 * its mark says so; what a run before us left unfinished is removed first, and so is what we leave when
 * we fail.
 *
 * @param id Of what is to lie there: filled with the same already, nothing is done.
 * @param fill May be told to begin anew; `clear` removes what it has written.
 * @throws {RefusedError} if somebody else's files lie there.
 */
export async function fillFolder(
  folder: string,
  id: string,
  fill: (clear: () => void) => Promise<void>,
): Promise<void> {
  const mark = readMark(folder);
  if (mark === `whole ${id}`) return;
  if (mark === undefined && namesIn(folder).length > 0) {
    throw new RefusedError(`${folder} holds files that are not ours to remove`);
  }
  clear(folder);
  await writeMark(folder, `unfinished ${id}`);
  try {
    await fill(() => empty(folder));
  } catch (error) {
    clear(folder);
    throw error;
  }
  await writeMark(folder, `whole ${id}`);
}

function readMark(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, MARK), 'utf8').trim();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeMark(folder: string, text: string): Promise<void> {
  const temporary = join(folder, `${MARK}.new`);
  const file = await open(temporary, 'w', 0o644);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, MARK));
}

/** The mark goes last, so that a removal that breaks off is taken up again. */
function clear(folder: string): void {
  empty(folder);
  rmSync(join(folder, MARK), { force: true });
}

function empty(folder: string): void {
  for (const name of namesIn(folder)) rmSync(join(folder, name), { recursive: true, force: true });
}

function namesIn(folder: string): string[] {
  // A fresh ext4 volume brings a folder of its own.
  return readdirSync(folder).filter((name) => name !== MARK && name !== 'lost+found');
}
