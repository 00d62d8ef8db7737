import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nextRacer, type RaceRule, type Racer, raceRungs, rankRacers } from './race.ts';
import { shrunkenMeans } from './shrinkage.ts';

const ASHA: RaceRule = { algorithm: 'asha', eta: 2, replicates: 8 };
const WILCOXON: RaceRule = { algorithm: 'wilcoxon', eta: 2, replicates: 6 };
const racer = (index: number, values: number[], waits = true): Racer => ({ index, values, waits });

test('rungs double until all replicates are there', () => {
  assert.deepEqual(raceRungs(ASHA), [1, 2, 4, 8]);
  assert.deepEqual(raceRungs({ ...ASHA, replicates: 5 }), [1, 2, 4, 5]);
  assert.deepEqual(raceRungs({ ...ASHA, eta: 3, replicates: 2 }), [1, 2]);
  assert.deepEqual(raceRungs({ ...ASHA, replicates: 1 }), [1]);
  assert.deepEqual(raceRungs(WILCOXON), [1, 2, 3, 4, 5, 6]);
});

const scans: Record<string, { rungs: Racer[][]; isEnd?: boolean; rule?: RaceRule; want?: string }> =
  {
    'nobody is there': { rungs: [] },
    'one alone waits for a rival': { rungs: [[racer(0, [1])]] },
    'one alone goes on at the end': { rungs: [[racer(0, [1])]], isEnd: true, want: '0 from 0' },
    'the better of two': { rungs: [[racer(0, [1]), racer(1, [2])]], want: '1 from 0' },
    'it is not let on twice': { rungs: [[racer(0, [1]), racer(1, [2], false)]] },
    'of equals the lower number': { rungs: [[racer(3, [1]), racer(2, [1])]], want: '2 from 0' },
    'the higher rung first': {
      rungs: [
        [racer(4, [9]), racer(0, [5], false), racer(1, [6], false), racer(5, [1])],
        [racer(0, [5, 5]), racer(1, [6, 6])],
      ],
      want: '1 from 1',
    },
    'K6 a leader that failed since is passed over': {
      rungs: [[racer(0, [9], false), racer(1, [8]), racer(2, [1]), racer(3, [1])]],
      want: '1 from 0',
    },
    'K7 what is not finite is last': {
      rungs: [
        [
          racer(0, [Number.NaN]),
          racer(1, [Number.NEGATIVE_INFINITY]),
          racer(2, [-5]),
          racer(3, [-9]),
        ],
      ],
      want: '2 from 0',
    },
    'significantly worse on the same four seeds: it stays, though it is among the best half': {
      rungs: [
        [],
        [],
        [
          racer(0, [1, 2, 3, 4], false),
          racer(1, [0.9, 1.9, 2.8, 3.8]),
          racer(2, [0, 0, 0, 0]),
          racer(3, [0, 0, 0, 0]),
        ],
      ],
    },
    'as good on one of the four seeds: chance may explain it': {
      rungs: [
        [],
        [],
        [
          racer(0, [1, 2, 3, 4], false),
          racer(1, [0.9, 1.9, 2.8, 4.5]),
          racer(2, [0, 0, 0, 0]),
          racer(3, [0, 0, 0, 0]),
        ],
      ],
      want: '1 from 2',
    },
    'wilcoxon lets everybody on who is not clearly worse, the best first': {
      rule: WILCOXON,
      rungs: [[racer(0, [1]), racer(1, [2]), racer(2, [3])]],
      want: '2 from 0',
    },
    'wilcoxon lets the first one on alone': {
      rule: WILCOXON,
      rungs: [[racer(0, [1])]],
      want: '0 from 0',
    },
  };
for (const [name, { rungs, isEnd = false, rule = ASHA, want }] of Object.entries(scans)) {
  test(`race: ${name}`, () => {
    const text = (found: ReturnType<typeof nextRacer>) =>
      found && `${found.index} from ${found.rung}`;
    assert.equal(text(nextRacer(rule, 'maximize', rungs, isEnd)), want);
    const turned = rungs.map((racers) => racers.toReversed());
    assert.equal(text(nextRacer(rule, 'maximize', turned, isEnd)), want);
  });
}

test('K6 a race among finite values always ends, with one that has all replicates', () => {
  const table = fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 8, maxLength: 8 }), {
    minLength: 1,
    maxLength: 24,
  });
  fc.assert(
    fc.property(table, fc.constantFrom(ASHA, { ...WILCOXON, replicates: 8 }), (values, rule) => {
      const sizes = raceRungs(rule);
      const reached = values.map(() => 0);
      let runs = values.length;
      for (;;) {
        const rungs = sizes.map((size, rung) =>
          values.flatMap((own, index) => {
            const at = reached[index] as number;
            return at < rung ? [] : [racer(index, own.slice(0, size), at === rung)];
          }),
        );
        const next = nextRacer(rule, 'minimize', rungs, true);
        if (next === undefined) break;
        assert.equal(reached[next.index], next.rung);
        reached[next.index] = next.rung + 1;
        runs += (sizes[next.rung + 1] as number) - (sizes[next.rung] as number);
        assert.ok(runs <= 8 * values.length);
      }
      assert.ok(reached.includes(sizes.length - 1), 'nobody came to the end');
    }),
  );
});

test('racers are ranked by their mean, whatever their order', () => {
  const all = [racer(0, [1, 5]), racer(1, [2, 2]), racer(2, [4, 2])];
  const numbers = (goal: 'minimize' | 'maximize') =>
    rankRacers(goal, all).map(({ index }) => index);
  assert.deepEqual(numbers('maximize'), [0, 2, 1]);
  assert.deepEqual(numbers('minimize'), [1, 0, 2]);
});

test('means are drawn together by the noise that the values show', () => {
  assert.deepEqual(shrunkenMeans([]), []);
  assert.deepEqual(shrunkenMeans([[3], [1]]), [3, 1], 'nothing is known of the noise');
  assert.deepEqual(shrunkenMeans([[3, 3], [1]]), [3, 1], 'there is no noise');
  // Groups that do not differ beyond their noise are all alike.
  assert.deepEqual(
    shrunkenMeans([
      [0, 4],
      [4, 0],
      [2, 2],
    ]),
    [2, 2, 2],
  );
  // By hand: within 2, means 0, 10, 8; between 28 - 4/3, pool 6; one value is drawn more than two.
  const [, , lucky = 0] = shrunkenMeans([[-1, 1], [9, 11], [8]]);
  const between = 28 - (1 + 1 + 2) / 3;
  assert.ok(Math.abs(lucky - (6 + (2 * between) / (between + 2))) < 1e-12, String(lucky));
});
