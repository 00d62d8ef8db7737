import { isOnCluster } from '../cluster.ts';
import type { ExitCode } from '../exit-codes.ts';
import { keyOf, type Place } from '../key.ts';
import {
  folderOf,
  type Location,
  needExperiment,
  withClient,
  withUserCluster,
} from '../location.ts';
import { type Following, follow } from '../run/follow.ts';
import type { Watchable } from '../run/look-at-experiment.ts';
import type { Surroundings } from '../surroundings.ts';

export interface WatchOptions extends Location {
  readonly json?: boolean;
}

/** A folder costs nothing to look at; a server that may not be followed is left in peace. */
const SLOWEST_MS = { folder: 500, cluster: 5000 };

/** Shows an Experiment until it ends, wherever it runs; exits as it ended. */
export async function watch(
  surroundings: Surroundings,
  name: string,
  options: WatchOptions,
): Promise<ExitCode> {
  const following = await followingOf(surroundings, options);
  return withWatchable(surroundings, options, async (client, place) => {
    const { metadata } = await needExperiment(client, keyOf(name, place));
    return follow(surroundings, client, metadata, following);
  });
}

/** Opens the folder, or a cluster that tells by itself what happens. */
export function withWatchable<T>(
  surroundings: Surroundings,
  options: Location & { readonly allNamespaces?: boolean },
  work: (client: Watchable, place: Place) => Promise<T>,
): Promise<T> {
  if (!isOnCluster(options)) return withClient(surroundings, options, work);
  return withUserCluster(surroundings, options, ({ client, place }) => work(client, place));
}

export async function followingOf(
  surroundings: Surroundings,
  options: WatchOptions,
): Promise<Following> {
  const { json = false } = options;
  if (!isOnCluster(options)) {
    const place = { dir: folderOf(surroundings, options) };
    const never = () => false;
    return { json, place, slowestMs: SLOWEST_MS.folder, isPassing: never, isDenied: never };
  }
  const { isDenied, isPassing } = await import('@espalier/controller/remote');
  return { json, place: {}, slowestMs: SLOWEST_MS.cluster, isPassing, isDenied };
}
