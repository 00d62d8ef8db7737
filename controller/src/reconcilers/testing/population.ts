import assert from 'node:assert/strict';
import { assignmentValue, isTerminalTrial, type Trial } from '@espalier/api';
import { isInSpace } from '@espalier/search';
import { problemOf } from '../../domain/experiment/check.ts';
import { configurationOf } from '../../domain/experiment/problem.ts';
import { experiment, type SpecInput } from '../../domain/testing/builders.ts';
import { recomputed } from '../../domain/testing/recomputed.ts';
import { type Trainer, World } from './world.ts';

export const EPOCHS = 8;
export const SIZE = 4;
export const SPEC: SpecInput = {
  parameters: [
    { name: 'lr', float: { min: 0.1, max: 1 } },
    { name: 'batch', int: { values: [16, 32, 64] } },
    { name: 'loss', string: { values: ['a', 'b'] } },
  ],
  search: { algorithm: 'pbt', seed: 3, population: { size: SIZE, max: EPOCHS, quantile: 0.5 } },
  trials: { max: 40, parallel: SIZE, maxFailed: 40 },
  attempts: { maxRetries: 2, maxDisruptions: 40 },
};

export const rate = ({ spec }: Trial) => {
  const [lr] = spec.parameters;
  return lr === undefined ? 0 : (assignmentValue(lr) as number);
};

/** The better the rate, the better the value; members train at speeds of their own. */
export const trainer: Trainer = (trial) => ({
  values: Array.from({ length: EPOCHS }, (_, epoch) => rate(trial) * (epoch + 1)),
  epochMs: 1000 + trial.spec.index * 37,
});

/** What must hold at any moment, whatever has happened. */
export function check(world: World, size = SIZE): void {
  const trials = world.trials();
  const active = trials.filter(({ status }) => !isTerminalTrial(status?.phase));
  assert.ok(active.length <= size, `${active.length} members`);
  const byName = new Map(trials.map((trial) => [trial.metadata.name, trial]));
  const { spec } = world.experiment() ?? experiment(SPEC);
  const { space } = problemOf(spec);
  for (const trial of trials) {
    assert.ok(isInSpace(space, configurationOf(spec, trial.spec)), trial.metadata.name);
    const { parent, index } = trial.spec;
    if (parent === undefined) continue;
    const donor = byName.get(parent.trial);
    assert.equal(donor?.metadata.uid, parent.uid);
    assert.ok((donor?.spec.index ?? index) < index, 'a lineage leads back in time');
    const steps = trial.status?.rungs.map(({ step }) => step) ?? [];
    assert.ok(steps.every((step) => step > (parent.epoch ?? 0)));
  }
}

export function verified(world: World): void {
  const object = world.experiment();
  assert.ok(object);
  const value = recomputed(object, world.trials(), { oneController: true });
  assert.deepEqual(value.differences, []);
  assert.deepEqual(value.unknowns, []);
  assert.equal(value.suggestions.equal, world.trials().length);
}

export const exploited = (world: World) =>
  world.trials().filter(({ status }) => status?.reason === 'Exploited');
export const children = (world: World) => world.trials().filter(({ spec }) => spec.index >= SIZE);

export async function begin(spec: SpecInput = SPEC, isLocal = false): Promise<World> {
  const world = new World({ trainer, isLocal });
  world.cluster.apply(experiment(spec));
  world.start();
  return world;
}
