import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experiment } from '../domain/testing/builders.ts';
import { World } from './testing/world.ts';

/** Better the nearer the learning rate is to 0.01. */
function quality(lr: number): number {
  return 1 - Math.abs(Math.log10(lr) + 2) / 4;
}

test('a sweep of random trials runs to its end and names the best', async () => {
  const world = new World({
    trainer: (trial) => ({ values: [0.1, quality(trial.spec.parameters[0]?.float ?? 1)] }),
  });
  world.cluster.apply(experiment({ trials: { max: 6, parallel: 2 } }));
  world.start();
  const { status } = await world.finish();
  assert.equal(status?.phase, 'Succeeded');
  assert.equal(status?.reason, 'MaxTrialsReached');
  assert.equal(status?.progress, '6/6');
  assert.equal(world.peak, 2);
  const values = world.trials().map((trial) => trial.status?.observation?.value ?? 0);
  assert.equal(values.length, 6);
  assert.equal(status?.best?.value, Math.max(...values));
  assert.deepEqual(world.stored.best, status?.best);
  assert.equal(world.stored.trialsCsv?.split('\n').length, 8);
  assert.equal(world.truth.pods.size, 0);
});
