import { fileURLToPath } from 'node:url';
import type { Experiment, Trial } from '@espalier/api';
import type { Surroundings } from '../surroundings.ts';
import { openBucket, type StoreFlags } from '../transfer/store-options.ts';
import type { ArtifactSource } from './artifact-source.ts';
import { FolderSource } from './folder-source.ts';
import { type AttemptFolder, attemptFolder } from './wanted-files.ts';

/** Where the files of the best attempt lie; undefined if it has left none that are known to be whole. */
export function bestFolder(
  { status }: Experiment,
  trial: Trial | undefined,
): AttemptFolder | undefined {
  const record = status?.best;
  // The Trial may be gone: the record of the Experiment says as much.
  const uris = [trial?.status?.artifacts?.folder, record?.checkpoint?.uri, record?.csv];
  return uris.map(attemptFolder).find((found) => found !== undefined);
}

/** Opens the folder of an attempt: on this machine, or in a bucket with a person's own credentials. */
export async function openSource(
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
