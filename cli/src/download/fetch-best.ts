import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ARTIFACT } from '@espalier/api';
import { notFound } from '../failure.ts';
import { count, formatBytes } from '../render/number.ts';
import { printable } from '../render/printable.ts';
import type { Surroundings } from '../surroundings.ts';
import { TransferProgress } from '../transfer/progress.ts';
import { openBucket, type StoreFlags } from '../transfer/store-options.ts';
import type { BestDocument } from '../view/best-document.ts';
import type { ArtifactSource } from './artifact-source.ts';
import { download } from './download.ts';
import { FolderSource } from './folder-source.ts';
import { type AttemptFolder, attemptFolder } from './wanted-files.ts';

/** What is known of the best attempt. */
export interface BestAttempt {
  readonly document: BestDocument;
  /** URIs as the status names them, the best first: of the attempt's folder, or of a file in it. */
  readonly uris: readonly (string | undefined)[];
}

/**
 * Brings the files of the best Trial into a folder.
 *
 * @returns the document, with the paths of what is there now.
 */
export async function fetchBest(
  surroundings: Surroundings,
  { document, uris }: BestAttempt,
  folder: string,
  flags: StoreFlags,
  signal: AbortSignal,
): Promise<BestDocument> {
  const { stderr, now, cwd } = surroundings;
  const attempt = uris.map(attemptFolder).find((found) => found !== undefined);
  if (attempt === undefined) {
    throw notFound(`${document.trial} has left no files that are known to be whole`, [
      'the files of a Trial are there once it has ended',
    ]);
  }
  const { readManifest } = await import('@espalier/controller/local');
  const source = await openSource(surroundings, attempt, flags);
  const target = resolve(cwd, folder);
  let progress: TransferProgress | undefined;
  try {
    const paths = await download({
      source,
      readManifest: (text) => readManifest(text, attempt),
      checkpointSha256: document.checkpointSha256,
      target,
      listener: {
        total: (bytes, files) => {
          progress = new TransferProgress(stderr, now, 'fetching ', bytes);
          progress.notice(
            `${count(files, 'file')}, ${formatBytes(bytes)}, from ${printable(attempt.uri)}`,
          );
        },
        arrived: (bytes) => progress?.add(bytes),
      },
      signal,
    });
    return inFolder(document, target, paths);
  } finally {
    progress?.close();
    source.close();
  }
}

async function openSource(
  surroundings: Surroundings,
  { uri }: AttemptFolder,
  flags: StoreFlags,
): Promise<ArtifactSource> {
  if (uri.startsWith('file:')) return new FolderSource(fileURLToPath(uri));
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const [store, { StoreSource }] = await Promise.all([
    openBucket(surroundings, bucket, flags),
    import('./store-source.ts'),
  ]);
  return new StoreSource(store, key);
}

function inFolder(document: BestDocument, target: string, paths: readonly string[]): BestDocument {
  const at = (path: string | undefined) =>
    path !== undefined && paths.includes(path) ? resolve(target, path) : undefined;
  return {
    ...document,
    checkpoint: at(paths.find((path) => path.endsWith(`/${ARTIFACT.model}`))),
    metricsCsv: at(ARTIFACT.metricsCsv),
    trialsCsv: at(ARTIFACT.trialsCsv),
    submissionCsv: at(ARTIFACT.submissionCsv),
    log: at(ARTIFACT.log),
    folder: target,
  };
}
