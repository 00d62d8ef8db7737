import type { Experiment, Trial } from '@espalier/api';
import type { LocalClient } from '@espalier/controller/local';
import { isOnCluster } from '../../cluster.ts';
import { messageOf } from '../../failure.ts';
import type { Location } from '../../location.ts';
import { printable } from '../../render/printable.ts';
import type { Surroundings } from '../../surroundings.ts';
import { experimentFolder } from '../../transfer/experiment-folder.ts';
import type { BucketFlags } from '../../transfer/store-options.ts';
import type { Sweep } from '../sweep.ts';
import { readPointFiles } from './points.ts';
import { type ReadPoints, readSweep, type SweepSource } from './read-sweep.ts';

export interface LoadOptions extends Location, BucketFlags {}

/**
 * What pictures show of an Experiment. Where points cannot be read, one line tells why, and the pictures
 * go without.
 *
 * @param withPoints Whether the pictures show the points of the trials.
 */
export async function loadSweep(
  surroundings: Surroundings,
  client: LocalClient,
  { experiment, views }: Pick<SweepSource, 'experiment' | 'views'>,
  options: LoadOptions,
  withPoints: boolean,
): Promise<Sweep> {
  const trials = views.map(({ trial }) => trial);
  const engine = await surroundings.engine();
  const importance = engine.importanceOf(experiment.spec, trials);
  const source: SweepSource = {
    experiment,
    views,
    importance,
    missesConstraints: (spec, observed) => engine.missesConstraints(spec, observed),
    nowMs: surroundings.now(),
  };
  if (!withPoints) return readSweep(source);
  if (!isOnCluster(options)) {
    return readSweep(source, async (trial, metrics) =>
      readPointFiles(await client.pointFiles(trial), metrics),
    );
  }
  return fromStore(surroundings, experiment, trials, options, (read) => readSweep(source, read));
}

async function fromStore(
  surroundings: Surroundings,
  experiment: Experiment,
  trials: readonly Trial[],
  options: LoadOptions,
  load: (read?: ReadPoints) => Promise<Sweep>,
): Promise<Sweep> {
  const { stderr, signals } = surroundings;
  const without = (why: string) => {
    stderr.write(`${stderr.paint('warning', `no curves: ${printable(why)}`)}\n`);
    return load();
  };
  const folder = experimentFolder(surroundings, experiment, trials, options);
  if (folder === undefined) {
    return without('no trial has left files yet; of those that run, --bucket names the place');
  }
  const { StorePoints } = await import('./store-points.ts');
  const end = new AbortController();
  const subscription = signals.on(() => end.abort());
  const points = await StorePoints.open(surroundings, folder, options, end.signal);
  try {
    return await load((trial, metrics) => points.read(trial, metrics));
  } catch (error) {
    end.signal.throwIfAborted();
    return without(messageOf(error));
  } finally {
    subscription.off();
    end.abort();
    points.close();
  }
}
