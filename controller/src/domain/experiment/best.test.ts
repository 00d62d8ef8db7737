import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trial } from '@espalier/api';
import fc from 'fast-check';
import {
  experiment,
  experimentStatus,
  inPhase,
  running,
  status,
  succeeded,
  trial,
} from '../testing/builders.ts';
import { bestOf, isLosing } from './best.ts';
import { progressOf } from './progress.ts';

const kept = status({
  artifacts: {
    attempt: 0,
    folder: 'f',
    checkpoint: { uri: 'u', sha256: 's', step: 10 },
    metricsCsv: 'm',
  },
});
const one = (index: number, value: number): Trial =>
  trial(`a-0000${index}`, succeeded(value), kept);
const named = (configuration: number, value: number) =>
  experimentStatus({
    best: { trial: `a-0000${configuration}`, configuration, value, step: 10, parameters: [] },
  });

test('G8 the best names the verified checkpoint and the table of the trial that is ahead', () => {
  const progress = progressOf(experiment().spec, [one(0, 0.5), one(1, 0.9)]);
  assert.deepEqual(bestOf(experiment(), progress), {
    trial: 'a-00001',
    configuration: 1,
    value: 0.9,
    step: 10,
    parameters: [{ name: 'lr', float: 0.01 }],
    checkpoint: { uri: 'u', sha256: 's' },
    csv: 'm',
  });
});

test('G8 without verified files no checkpoint is named', () => {
  const progress = progressOf(experiment().spec, [trial('a-00000', succeeded(0.5))]);
  const best = bestOf(experiment(), progress);
  assert.equal(best?.value, 0.5);
  assert.equal(best !== undefined && 'checkpoint' in best, false);
});

test('G8 the best stays when its trial is deleted by hand', () => {
  const known = experiment({}, named(5, 0.9));
  assert.equal(bestOf(known, progressOf(known.spec, [one(0, 0.5)]))?.configuration, 5);
  assert.equal(bestOf(known, progressOf(known.spec, []))?.configuration, 5);
});

test('an equal value of a lower configuration takes over, of a higher one does not', () => {
  const known = experiment({}, named(1, 0.5));
  assert.equal(bestOf(known, progressOf(known.spec, [one(0, 0.5)]))?.configuration, 0);
  assert.equal(bestOf(known, progressOf(known.spec, [one(2, 0.5)]))?.configuration, 1);
});

test('G8 K7 the best is monotone in the objective, whatever ends in whatever order', () => {
  const ends = fc.array(
    fc.record({ index: fc.nat(9), value: fc.double({ min: -1, max: 1, noNaN: true }) }),
  );
  fc.assert(
    fc.property(ends, fc.constantFrom('maximize' as const, 'minimize' as const), (list, goal) => {
      let known = experiment({ objective: { metric: 'acc', goal } });
      const progress = progressOf(known.spec, []);
      const sign = goal === 'maximize' ? 1 : -1;
      let before = Number.NEGATIVE_INFINITY;
      for (const { index, value } of list) {
        progress.apply(one(index, value));
        const best = bestOf(known, progress);
        assert.ok(best !== undefined && sign * best.value >= before);
        before = sign * best.value;
        known = experimentStatus({ best })(known);
      }
    }),
  );
});

const losing: Record<string, { trials: Trial[]; best?: [number, number]; want: boolean }> = {
  'nobody is best yet': { trials: [one(0, 0.5)], want: false },
  'it is the best': { trials: [one(0, 0.5)], best: [0, 0.5], want: false },
  'another one is better': { trials: [one(0, 0.5)], best: [1, 0.9], want: true },
  'another one is worse': { trials: [one(0, 0.5)], best: [1, 0.4], want: false },
  'it is equal and came before': { trials: [one(0, 0.5)], best: [1, 0.5], want: false },
  'it failed': { trials: [trial('a-00000', inPhase('Failed'))], best: [1, 0.1], want: true },
  'it still runs': { trials: [trial('a-00000', running())], best: [1, 0.9], want: false },
};
for (const [name, { trials, best, want }] of Object.entries(losing)) {
  test(`a checkpoint ${want ? 'can go' : 'stays'} if ${name}`, () => {
    const known = best === undefined ? experiment() : experiment({}, named(...best));
    assert.equal(isLosing(known, progressOf(known.spec, trials), trials[0] as Trial), want);
  });
}

test('of the best configuration only the best replicate keeps its checkpoint', () => {
  const known = experiment({}, named(0, 0.5));
  const other = trial('a-00001', succeeded(0.4), (same) => ({
    ...same,
    spec: { ...same.spec, configuration: 0, replicate: 1 },
  }));
  assert.equal(isLosing(known, progressOf(known.spec, [other]), other), true);
});
