import { isOnCluster } from '../cluster.ts';
import type { ExitCode } from '../exit-codes.ts';
import { keyOf } from '../key.ts';
import { folderOf, type Location, needExperiment, withClient } from '../location.ts';
import { type Following, follow } from '../run/follow.ts';
import type { Surroundings } from '../surroundings.ts';

export interface WatchOptions extends Location {
  readonly json?: boolean;
}

/** A folder costs nothing to look at; a server is left in peace while nothing happens. */
const SLOWEST_MS = { folder: 500, cluster: 5000 };

/** Shows an Experiment until it ends, wherever it runs; exits as it ended. */
export async function watch(
  surroundings: Surroundings,
  name: string,
  options: WatchOptions,
): Promise<ExitCode> {
  const following = await followingOf(surroundings, options);
  return withClient(surroundings, options, async (client, place) => {
    const { metadata } = await needExperiment(client, keyOf(name, place));
    return follow(surroundings, client, metadata, following);
  });
}

export async function followingOf(
  surroundings: Surroundings,
  options: WatchOptions,
): Promise<Following> {
  const { json = false } = options;
  if (!isOnCluster(options)) {
    const place = { dir: folderOf(surroundings, options) };
    return { json, place, slowestMs: SLOWEST_MS.folder, isPassing: () => false };
  }
  const { isPassing } = await import('@espalier/controller/remote');
  return { json, place: {}, slowestMs: SLOWEST_MS.cluster, isPassing };
}
