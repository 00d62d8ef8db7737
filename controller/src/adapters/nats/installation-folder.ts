import { mkdir, mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EspalierError } from '../../ports/errors.ts';
import type { KeyFileText } from './key-files.ts';

/** Only the owner may read. */
const FILE_MODE = 0o600;

/**
 * An installation in a folder of its own, for its owner only. A crash at any moment leaves every file
 * whole, and no new folder half.
 */
export class InstallationFolder {
  /** Absolute. */
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** All or nothing; `exists` if something lies there, which is left as it is. */
  async create(files: readonly KeyFileText[]): Promise<'created' | 'exists'> {
    const parent = dirname(this.path);
    await mkdir(parent, { recursive: true });
    await this.#removeUnfinished(parent);
    const unfinished = await mkdtemp(join(parent, this.#unfinishedPrefix));
    try {
      for (const [file, text] of files) await writeDurably(join(unfinished, file), text);
      await syncFolder(unfinished);
      // Takes the place of nothing, or of an empty folder.
      await rename(unfinished, this.path);
      await syncFolder(parent);
      return 'created';
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(codeOf(error))) return 'exists';
      throw failed(`cannot create ${this.path}`, error);
    }
  }

  async read(): Promise<Readonly<Record<string, string>>> {
    try {
      const entries = await readdir(this.path, { withFileTypes: true });
      const files: Record<string, string> = {};
      for (const entry of entries) {
        if (entry.isDirectory() || entry.name.startsWith('.')) continue;
        files[entry.name] = await readFile(join(this.path, entry.name), 'utf8');
      }
      return files;
    } catch (error) {
      throw failed(`cannot read ${this.path}`, error);
    }
  }

  /** Replaces files in this order; a crash leaves the first ones replaced. */
  async replace(files: readonly KeyFileText[]): Promise<void> {
    for (const [file, text] of files) {
      const path = join(this.path, file);
      const temporary = join(this.path, `.${file}.new`);
      try {
        await rm(temporary, { force: true });
        await writeDurably(temporary, text);
        await rename(temporary, path);
        await syncFolder(this.path);
      } catch (error) {
        throw failed(`cannot replace ${path}`, error);
      }
    }
  }

  get #unfinishedPrefix(): string {
    return `.${basename(this.path)}.unfinished-`;
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
