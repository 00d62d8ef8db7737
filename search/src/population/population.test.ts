import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileSpace } from '../space/compile.ts';
import { isInSpace } from '../space/configuration.ts';
import { fulfils } from '../space/limits.ts';
import type { Problem } from '../suggest/problem.ts';
import { drawConfiguration } from '../suggest/random.ts';
import { spaces } from '../testing/arbitraries.ts';
import { explore } from './explore.ts';
import { donors, isPoor, type Member, type PopulationEntry, standings } from './standings.ts';

const entries = fc
  .array(
    fc.record({
      index: fc.nat(9),
      step: fc.nat(5),
      value: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.NaN)),
      isLast: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((list) => list.map((one, order): PopulationEntry => ({ ...one, order })));
const goal = fc.constantFrom('maximize' as const, 'minimize' as const);
const quantile = fc.double({ min: 0.01, max: 0.5, noNaN: true });

function problemOf(dimensions: Parameters<typeof compileSpace>[0], more: Partial<Problem> = {}) {
  const space = compileSpace(dimensions);
  return { space, goal: 'maximize', algorithm: 'pbt', seed: 1, maxTrials: 9, ...more } as const;
}

test('G15 the standings before an arrival follow from the entries in any order, and from no later one', () => {
  fc.assert(
    fc.property(entries, fc.nat(40), fc.infiniteStream(fc.nat()), (list, before, chance) => {
      const shuffled = list
        .map((entry) => ({ entry, key: chance.next().value }))
        .sort((a, b) => a.key - b.key)
        .map(({ entry }) => entry);
      const wanted = standings(list, before);
      assert.deepEqual(standings(shuffled, before), wanted);
      assert.deepEqual(standings(list.slice(0, before), before), wanted);
      assert.equal(new Set(wanted.map(({ index }) => index)).size, wanted.length);
      const early = standings(list, before, 3);
      const all = new Set(wanted.map(({ index }) => index));
      assert.ok(early.every(({ index }) => all.has(index)));
      assert.ok(early.every(({ order }) => (list[order]?.step ?? 9) <= 3));
    }),
  );
});

test('a donor is among the best of the population and never the one that is replaced', () => {
  fc.assert(
    fc.property(entries, goal, quantile, fc.nat(99), (list, aim, part, index) => {
      const members = standings(list, list.length);
      const found = donors(aim, part, members, 7, index);
      assert.deepEqual(donors(aim, part, [...members].reverse(), 7, index), found);
      const count = Math.max(1, Math.floor(members.length * part));
      assert.ok(found.length <= count);
      const sign = aim === 'maximize' ? -1 : 1;
      const worst = Math.max(...found.map((one) => sign * scoreOf(members, one)));
      const rest = members.filter((one) => !found.includes(one.index));
      for (const other of rest)
        assert.ok(!(sign * other.value < worst), 'a better one is left out');
      for (const own of members) {
        const others = members.filter((one) => one !== own);
        if (!isPoor(aim, part, others, own.value)) continue;
        assert.ok(!donors(aim, part, others, 7, index).includes(own.index));
        const better = others.filter(
          (one) => sign * one.value < sign * own.value || Number.isNaN(own.value),
        );
        assert.ok(better.length >= members.length - Math.floor(members.length * part));
      }
    }),
  );
});

test('the members that are replaced are a part of the population, and equals go on', () => {
  const members = [3, 1, 4, 1].map((value, index): Member => ({ index, order: index, value }));
  assert.equal(isPoor('maximize', 0.25, members.slice(0, 3), 1), false, 'a tie with the worst');
  assert.equal(isPoor('maximize', 0.25, members.slice(0, 3), 0.5), true);
  assert.equal(isPoor('minimize', 0.25, members.slice(0, 3), 0.5), false);
  assert.equal(isPoor('maximize', 0.25, members.slice(0, 2), 0), false, 'too few');
  assert.equal(isPoor('maximize', 0.25, members.slice(0, 3), Number.NaN), true);
  assert.deepEqual(donors('maximize', 0.25, members, 0, 4), [2]);
  assert.deepEqual([...donors('maximize', 0.5, members, 0, 4)].sort(), [0, 2]);
  assert.deepEqual(donors('maximize', 0.25, [], 0, 4), []);
});

test('different new members take different donors', () => {
  const members = Array.from(
    { length: 8 },
    (_, index): Member => ({ index, order: index, value: 1 }),
  );
  const firsts = Array.from(
    { length: 50 },
    (_, index) => donors('maximize', 0.5, members, 3, index)[0],
  );
  assert.deepEqual([...new Set(firsts)].sort(), [0, 1, 2, 3]);
});

test('G15 an explored configuration lies in its space, and is the same for the same arguments', (t) => {
  let cases = 0;
  fc.assert(
    fc.property(
      spaces('any'),
      fc.nat(999),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (dimensions, index, p) => {
        const problem = problemOf(dimensions);
        const donor = drawConfiguration(problem.space, 5, index);
        const found = explore(problem, donor, index, p);
        assert.ok(isInSpace(problem.space, found), JSON.stringify(found));
        assert.deepEqual(explore(problem, donor, index, p), found);
        cases += 1;
      },
    ),
    { numRuns: 2000 },
  );
  t.diagnostic(`${cases} spaces`);
});

test('numbers are multiplied by 0.8 or 1.2 and clipped; what has no order is drawn anew', () => {
  const problem = problemOf([
    { name: 'lr', kind: 'float', min: 1e-4, max: 1, scale: 'log' },
    { name: 'high', kind: 'float', min: 0, max: 10, scale: 'linear' },
    { name: 'batch', kind: 'ordinal', type: 'int', values: [16, 32, 64] },
    { name: 'width', kind: 'int', min: 1, max: 100, scale: 'linear' },
    { name: 'loss', kind: 'categorical', type: 'string', values: ['a', 'b', 'c'] },
    { name: 'fixed', kind: 'fixed', type: 'int', value: 3 },
  ]);
  const donor = { lr: 0.1, high: 9.9, batch: 32, width: 2, loss: 'a', fixed: 3 };
  const seen = new Map<string, Set<unknown>>();
  for (let index = 0; index < 200; index++) {
    for (const [name, value] of Object.entries(explore(problem, donor, index, 0))) {
      seen.set(name, (seen.get(name) ?? new Set()).add(value));
    }
  }
  const values = (name: string) => [...(seen.get(name) ?? [])].sort();
  assert.deepEqual(values('lr'), [0.1 * 0.8, 0.1 * 1.2]);
  assert.deepEqual(values('high'), [10, 9.9 * 0.8]);
  assert.deepEqual(values('batch'), [16, 64]);
  assert.deepEqual(values('width'), [1, 3]);
  assert.deepEqual(values('loss'), ['a', 'b', 'c']);
  assert.deepEqual(values('fixed'), [3]);
});

test('limits between parameters hold for what is explored', () => {
  const limits = [
    {
      kind: 'sum' as const,
      terms: [
        { parameter: 'x', by: 1 },
        { parameter: 'y', by: 1 },
      ],
      max: 1,
    },
  ];
  const problem = problemOf(
    [
      { name: 'x', kind: 'float', min: 0, max: 1, scale: 'linear' },
      { name: 'y', kind: 'float', min: 0, max: 1, scale: 'linear' },
    ],
    { limits },
  );
  for (let index = 0; index < 100; index++) {
    assert.ok(fulfils(limits, explore(problem, { x: 0.5, y: 0.5 }, index, 0.25)));
  }
});

function scoreOf(members: readonly Member[], index: number): number {
  return members.find((one) => one.index === index)?.value ?? Number.NaN;
}
