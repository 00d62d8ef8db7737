import { createReadStream, mkdirSync, readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isArtifactPath, manifestSchema } from '@espalier/api';
import { archiveFromCache, READ_DATA } from './data-cache.ts';
import { type DownloadOptions, download, downloadFile, type Expected } from './download.ts';
import { fillFolder } from './input-folder.ts';
import { RefusedError, refusalError } from './refused-error.ts';
import { messageOf } from './say.ts';
import { TarError } from './tar-header.ts';
import { type Unpacked, type UnpackLimits, unpack } from './unpack.ts';

export interface FetchOptions extends DownloadOptions {
  readonly dataFolder: string;
  readonly resumeFolder: string;
  /** Archives that pods of this node share; a file in it is trusted for its digest only. */
  readonly cacheFolder?: string | undefined;
  readonly limits: UnpackLimits;
}

/**
 * Fetches what has to be there before the trainer starts, whole and verified, or nothing. Run again, it
 * finds its work done.
 *
 * @throws {RefusedError} if trying again is of no use; anything else may pass.
 */
export async function fetchInputs(options: FetchOptions): Promise<void> {
  const { connection, dataFolder, resumeFolder, say, signal } = options;
  const inputs = await connection.ask({ kind: 'inputs' }, signal);
  if (inputs.kind === 'refused') throw refusalError(inputs.reason, inputs.message);
  const { data, resume } = inputs;
  if (data !== null) {
    await fillFolder(dataFolder, data.sha256, (clear) => fetchData(data, clear, options));
  }
  if (resume !== null) {
    await fillFolder(resumeFolder, resume.sha256, () => fetchCheckpoint(resume, options));
    say(`the checkpoint of ${resume.manifest} is there`);
  }
}

async function fetchData(data: Expected, clear: () => void, options: FetchOptions): Promise<void> {
  const { dataFolder, cacheFolder, limits, say } = options;
  const cached = cacheFolder && (await archiveFromCache(cacheFolder, data, options));
  const fill = (archive: AsyncIterable<Buffer>): Promise<Unpacked> => {
    clear();
    return unpack(archive, dataFolder, limits);
  };
  try {
    const { files, bytes } = cached
      ? await fill(createReadStream(cached))
      : await download(READ_DATA, data, fill, options);
    say(`the data is there: ${files} files, ${bytes} bytes`);
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    throw new RefusedError(`the data is no archive to unpack: ${error.message}`, {
      cause: error,
    });
  }
}

async function fetchCheckpoint(
  resume: Expected & { readonly manifest: string },
  options: FetchOptions,
): Promise<void> {
  const { resumeFolder } = options;
  const name = resume.manifest;
  if (!isArtifactPath(name) || !name.startsWith('manifest')) {
    throw new RefusedError(`${JSON.stringify(name)} names no manifest`);
  }
  const read = (path: string) => ({ kind: 'read', source: 'resume', path }) as const;
  const unfinished = join(resumeFolder, '.manifest');
  await downloadFile(read(name), resume, unfinished, options);
  for (const file of filesOf(unfinished, name)) {
    const target = join(resumeFolder, file.path);
    mkdirSync(dirname(target), { recursive: true });
    await downloadFile(read(file.path), file, target, options);
  }
  // Last, as it was written.
  await rename(unfinished, join(resumeFolder, name));
}

function filesOf(path: string, name: string): readonly (Expected & { readonly path: string })[] {
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).files;
  } catch (error) {
    throw new RefusedError(`${name} is no manifest: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
