import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verification } from '../domain/experiment/verify-result.ts';
import { experiment, type SpecInput } from '../domain/testing/builders.ts';
import { recomputed } from '../domain/testing/recomputed.ts';
import { type Trainer, World, type WorldOptions } from './testing/world.ts';

/** Every so many of about 190 writes. */
const STRIDE = process.env['ESPALIER_TEST_ALL'] === '1' ? 1 : 9;

const SPEC: SpecInput = {
  parameters: [
    { name: 'lr', float: { min: 0.001, max: 0.1, scale: 'log' } },
    { name: 'width', int: { values: [16, 32, 64] } },
  ],
  search: { algorithm: 'tpe', seed: 3 },
  trials: { max: 14, parallel: 3, maxFailed: 14 },
  attempts: { maxRetries: 0, maxDisruptions: 3 },
  earlyStopping: { algorithm: 'asha', min: 1, max: 4, eta: 2, minRungSize: 3 },
};

/** Better the nearer to 0.01; two of the trials fail, and one is disrupted once. */
const trainer: Trainer = ({ spec, status }) => {
  const rate = spec.parameters.find(({ name }) => name === 'lr')?.float ?? 1;
  const top = 1 - Math.abs(Math.log10(rate) + 2) / 4;
  const values = [0.5, 0.8, 0.9, 1].map((share) => share * top);
  if (spec.index === 4) return { values: [], end: { exitCode: 1 } };
  if (spec.index === 7) return { values: [Number.NaN] };
  const isFirst = (status?.attempts ?? []).every(({ outcome }) => outcome === undefined);
  if (spec.index === 5 && isFirst) {
    return { values: values.slice(0, 2), end: { exitCode: 143, disrupted: true } };
  }
  return { values, epochMs: 700 + 100 * (spec.index % 4) };
};

async function run(options: Omit<WorldOptions, 'trainer'>, crash?: World['writes']['crashAt']) {
  const world = new World({ ...options, trainer });
  world.writes.crashAt = crash;
  world.cluster.apply(experiment(SPEC));
  world.start();
  await world.finish();
  return world;
}

function verify(world: World): Verification {
  const object = world.experiment();
  assert.ok(object);
  return recomputed(object, world.trials(), { oneController: true });
}

const modes: Record<string, Omit<WorldOptions, 'trainer'>> = {
  'with pods that run on': { isLocal: false },
  'whose pods and views die with it': { isLocal: true },
  'whose caches lag': { isLocal: false, isLagging: true },
};
for (const [mode, options] of Object.entries(modes)) {
  test(`G15 K3 what a controller ${mode} recorded is recomputed, killed at whatever write`, async (t) => {
    const reference = await run(options);
    const writes = reference.writes.names.length;
    const sum = { kills: 0, suggestions: 0, verdicts: 0, stops: 0 };
    for (let number = 1; number < writes; number += STRIDE) {
      const when = number % 2 === 0 ? 'before' : 'after';
      const world = await run(options, { number, when });
      const place = `${when} write ${number}`;
      const found = verify(world);
      assert.deepEqual(found.differences, [], place);
      assert.deepEqual([found.unknowns, found.missing], [[], []], place);
      sum.kills += world.restarts;
      sum.suggestions += found.suggestions.equal;
      sum.verdicts += found.verdicts.equal;
      const rungs = world.trials().flatMap(({ status }) => status?.rungs ?? []);
      sum.stops += rungs.filter(({ verdict }) => verdict === 'stop').length;
    }
    assert.ok(sum.kills > 10 && sum.stops > 10, JSON.stringify(sum));
    t.diagnostic(
      `${sum.kills} kills: ${sum.suggestions} suggestions, ${sum.verdicts} verdicts equal`,
    );
  });
}
