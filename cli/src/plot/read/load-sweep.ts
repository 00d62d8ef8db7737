import type { Experiment } from '@espalier/api';
import type { LocalClient } from '@espalier/controller/local';
import type { Surroundings } from '../../surroundings.ts';
import type { Sweep } from '../sweep.ts';
import { readSweep } from './read-sweep.ts';

/** What pictures show of an Experiment, with the points of all its trials. */
export async function loadSweep(
  surroundings: Surroundings,
  client: LocalClient,
  experiment: Experiment,
): Promise<Sweep> {
  const views = await client.trials(experiment.metadata);
  const engine = await surroundings.engine();
  const importance = engine.importanceOf(
    experiment.spec,
    views.map(({ trial }) => trial),
  );
  return readSweep({ experiment, views, importance, nowMs: surroundings.now() }, client);
}
