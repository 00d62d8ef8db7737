import type { Experiment, Trial } from '@espalier/api';
import type { LocalClient } from '@espalier/controller/local';
import { isOnCluster } from './cluster.ts';
import { invalid, notFound } from './failure.ts';
import { keyOf, type Place } from './key.ts';
import { type Location, needExperiment, withClient, withUserCluster } from './location.ts';
import { printable } from './render/printable.ts';
import type { Surroundings } from './surroundings.ts';
import { remoteWork } from './transfer/remote-work.ts';
import { openBucket, type StoreFlags } from './transfer/store-options.ts';

export interface RecordFlags extends Location, StoreFlags {}

/** An Experiment and its Trials, wherever they were found. */
export interface FoundRecord {
  readonly experiment: Experiment;
  readonly trials: readonly Trial[];
  /** Whether it is certain that only one controller at a time wrote it. */
  readonly oneController: boolean;
}

/**
 * Reads the record of an Experiment: from the folder, from a cluster if one is named, or from the
 * object store if `name` is the URI of its folder there or of anything in it.
 *
 * @throws {Failure} if there is none.
 */
export async function findRecord(
  surroundings: Surroundings,
  name: string,
  flags: RecordFlags,
): Promise<FoundRecord> {
  if (name.startsWith('s3:')) {
    return remoteWork(surroundings, (signal) => inStore(surroundings, name, flags, signal), AGAIN);
  }
  const isCluster = isOnCluster(flags);
  const read = async (client: LocalClient, place: Place): Promise<FoundRecord> => {
    const key = keyOf(name, place);
    const experiment = await needExperiment(client, key);
    const views = await client.trials(key);
    // One runner at a time holds a folder.
    return { experiment, trials: views.map(({ trial }) => trial), oneController: !isCluster };
  };
  if (!isCluster) return withClient(surroundings, flags, read);
  return withUserCluster(surroundings, flags, ({ client, place }) => read(client, place), AGAIN);
}

const AGAIN = 'nothing was changed; the same command reads it again';
const UID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** Bucket, and the key of the first folder that is named as an Experiment's. */
const URI = new RegExp(`^s3://([^/]+)/((?:[^/]+/)*?[^/]+-${UID})(?:/.*)?$`);

async function inStore(
  surroundings: Surroundings,
  uri: string,
  flags: StoreFlags,
  signal: AbortSignal,
): Promise<FoundRecord> {
  const [, bucket, root] = URI.exec(uri) ?? [];
  if (bucket === undefined || root === undefined) {
    throw invalid(`${printable(uri)} is not in the folder of an Experiment`, [
      's3://BUCKET/[PREFIX/]NAMESPACE/NAME-UID, as in the paths that status names',
    ]);
  }
  const { readExperimentRecord } = await import('@espalier/controller/remote');
  const store = await openBucket(surroundings, bucket, flags);
  try {
    const found = await readExperimentRecord(store.objects, root, { signal });
    if (found !== undefined) return { ...found, oneController: false };
    throw notFound(`there is no experiment.json in ${printable(`s3://${bucket}/${root}`)}`, [
      'it is written when the Experiment ends; while it runs: espalier verify NAME --cluster',
    ]);
  } finally {
    store.close();
  }
}
