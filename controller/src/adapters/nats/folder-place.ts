import { mkdir, mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EspalierError } from '../../ports/errors.ts';
import type { KeyFileText, KeyPlace } from '../../ports/key-place.ts';

/** Only the owner may read. */
const FILE_MODE = 0o600;

/** Keys in a folder of their own. A crash at any moment leaves every file whole, and no new folder half. */
export class FolderPlace implements KeyPlace {
  readonly name: string;

  constructor(path: string) {
    this.name = resolve(path);
  }

  async create(files: readonly KeyFileText[]): Promise<'created' | 'exists'> {
    const parent = dirname(this.name);
    await mkdir(parent, { recursive: true });
    await this.#removeUnfinished(parent);
    const unfinished = await mkdtemp(join(parent, this.#unfinishedPrefix));
    try {
      for (const [file, text] of files) await writeDurably(join(unfinished, file), text);
      await syncFolder(unfinished);
      // Takes the place of nothing, or of an empty folder.
      await rename(unfinished, this.name);
      await syncFolder(parent);
      return 'created';
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(codeOf(error))) return 'exists';
      throw failed(`cannot create ${this.name}`, error);
    }
  }

  async read(): Promise<Readonly<Record<string, string>>> {
    try {
      const entries = await readdir(this.name, { withFileTypes: true });
      const files: Record<string, string> = {};
      for (const entry of entries) {
        if (entry.isDirectory() || entry.name.startsWith('.')) continue;
        files[entry.name] = await readFile(join(this.name, entry.name), 'utf8');
      }
      return files;
    } catch (error) {
      throw failed(`cannot read ${this.name}`, error);
    }
  }

  async replace(files: readonly KeyFileText[]): Promise<void> {
    for (const [file, text] of files) {
      const path = join(this.name, file);
      const temporary = join(this.name, `.${file}.new`);
      try {
        await rm(temporary, { force: true });
        await writeDurably(temporary, text);
        await rename(temporary, path);
        await syncFolder(this.name);
      } catch (error) {
        throw failed(`cannot replace ${path}`, error);
      }
    }
  }

  get #unfinishedPrefix(): string {
    return `.${basename(this.name)}.unfinished-`;
  }

  /** What a run before us left when it died; two at once would be somebody's mistake. */
  async #removeUnfinished(parent: string): Promise<void> {
    for (const name of await readdir(parent)) {
      if (!name.startsWith(this.#unfinishedPrefix)) continue;
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', FILE_MODE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

function failed(doing: string, cause: unknown): EspalierError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new EspalierError('Storage', `${doing}: ${why}`, { cause });
}
