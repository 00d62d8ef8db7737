import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dominates } from '@espalier/search';
import fc from 'fast-check';
import { experiment, trial } from '../testing/builders.ts';
import type { ConfigurationState } from './configuration.ts';
import { Leaders } from './leaders.ts';

const { spec } = experiment({
  objective: undefined,
  objectives: [
    { metric: 'acc', goal: 'maximize', report: 'best' },
    { metric: 'ms', goal: 'minimize', report: 'best' },
  ],
});

const TRIAL = trial();

function stateOf(acc: number, ms: number | undefined, violation: number): ConfigurationState {
  return {
    ...{ isEnded: true, fault: undefined, outcome: 'succeeded', bestTrial: TRIAL },
    ...{ value: acc, values: ms === undefined ? undefined : [acc, ms], violation },
    ...{ counted: [acc], raceValues: [], isConfirmed: false },
  };
}

const small = fc.integer({ min: 0, max: 4 });
const change = fc.record({
  number: fc.integer({ min: 0, max: 9 }),
  state: fc.option(
    fc.tuple(small, fc.option(small, { nil: undefined }), fc.constantFrom(0, 0, 1)),
    { nil: undefined },
  ),
});

test('G8 U24 best and front are those of brute force after every change, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const leaders = new Leaders(spec);
      const present = new Map<number, ConfigurationState>();
      for (const { number, state } of changes) {
        const next = state && stateOf(...state);
        leaders.set(number, next);
        if (next === undefined) present.delete(number);
        else present.set(number, next);
      }
      const known = [...present].flatMap(([number, { values, violation }]) =>
        values === undefined || violation > 0
          ? []
          : [{ number, losses: [-(values[0] as number), values[1] as number] }],
      );
      const order = known.toSorted(
        (a, b) =>
          (a.losses[0] as number) - (b.losses[0] as number) ||
          (a.losses[1] as number) - (b.losses[1] as number) ||
          a.number - b.number,
      );
      const front = order.filter(
        ({ losses }) => !known.some((other) => dominates(other.losses, losses)),
      );
      assert.equal(leaders.best?.number, order[0]?.number);
      assert.deepEqual(
        leaders.pareto.map(({ number }) => number),
        front.map(({ number }) => number),
      );
    }),
    { numRuns: 1000 },
  );
});
