import { resolve } from 'node:path';
import { ARTIFACT } from '@espalier/api';
import { notFound } from '../failure.ts';
import { count, formatBytes } from '../render/number.ts';
import { printable } from '../render/printable.ts';
import type { Surroundings } from '../surroundings.ts';
import { TransferProgress } from '../transfer/progress.ts';
import type { StoreFlags } from '../transfer/store-options.ts';
import type { BestDocument } from '../view/best-document.ts';
import { download } from './download.ts';
import { openSource } from './open-source.ts';
import type { AttemptFolder } from './wanted-files.ts';

/** What is known of the best attempt. */
export interface BestAttempt {
  readonly document: BestDocument;
  /** Where its files lie; undefined if it has left none that are known to be whole. */
  readonly attempt: AttemptFolder | undefined;
}

/**
 * Brings the files of the best Trial into a folder.
 *
 * @returns the document, with the paths of what is there now.
 */
export async function fetchBest(
  surroundings: Surroundings,
  { document, attempt }: BestAttempt,
  folder: string,
  flags: StoreFlags,
  signal: AbortSignal,
): Promise<BestDocument> {
  const { stderr, now, cwd } = surroundings;
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
