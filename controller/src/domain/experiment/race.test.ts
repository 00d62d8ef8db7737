import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExperimentSpec } from '@espalier/api';
import { experiment } from '../testing/builders.ts';
import { type Begun, type Race, type RaceField, raceOf, raceTurn } from './race.ts';

function raceFor(racing: object): Race {
  const replicates = { parameter: 'seed', values: [1, 2, 3, 4], racing };
  const race = raceOf(experiment({ replicates } as Partial<ExperimentSpec>).spec);
  assert.ok(race);
  return race;
}

const RACE = raceFor({ eta: 2, confirm: { top: 2, values: [8, 9] } });
const VALUES = [
  [5, 5, 5, 5],
  [7, 7, 7, 7],
  [1, 1, 1, 1],
  [6, 6, 6, 6],
];

/** Configurations by the replicates that exist, all of which have ended unless `known` says less. */
function field(begun: Begun[], change: Partial<RaceField> = {}): RaceField {
  const reached = (size: number) => begun.flatMap(({ race }, i) => (race >= size ? [i] : []));
  return {
    begun,
    known: { rungs: [1, 2, 4].map(reached), faults: [] },
    valuesOf: (number) => VALUES[number] ?? [],
    canBegin: true,
    ...change,
  };
}
const at = (...sizes: number[]): Begun[] => sizes.map((race) => ({ race, confirm: 0 }));

const cases: Record<string, { field: RaceField; want?: string; race?: Race }> = {
  'the first configuration': { field: field([]), want: '0, 0' },
  'a new one while nobody is let on': { field: field(at(1)), want: '1, 0' },
  'the better of two goes on': { field: field(at(1, 1)), want: '1, 1' },
  'a rung that has begun is filled first': { field: field(at(1, 3)), want: '1, 3' },
  'but not of one with a fault': {
    field: field(at(1, 3), { known: { rungs: [[0, 1], [1], []], faults: [1] } }),
    want: '2, 0',
  },
  'what is not known yet is waited for': {
    field: field(at(1, 1), { canBegin: false, known: { rungs: [[0], [], []], faults: [] } }),
  },
  'at the end the leader of each rung goes on': {
    field: field(at(1, 2, 1, 2), { canBegin: false }),
    want: '1, 2',
  },
  'then those with the most replicates are confirmed, the best first': {
    field: field(at(1, 4, 1, 2), { canBegin: false }),
    want: '1, 4',
  },
  'each on all values that were held back': {
    field: field([{ race: 1, confirm: 0 }, { race: 4, confirm: 1 }, ...at(1, 2)], {
      canBegin: false,
    }),
    want: '1, 5',
  },
  'then the next one': {
    field: field([{ race: 1, confirm: 0 }, { race: 4, confirm: 2 }, ...at(1, 2)], {
      canBegin: false,
    }),
    want: '3, 4',
  },
  'and then it is over': {
    field: field(
      [
        { race: 1, confirm: 0 },
        { race: 4, confirm: 2 },
        { race: 1, confirm: 0 },
        { race: 2, confirm: 2 },
      ],
      { canBegin: false },
    ),
  },
  'without a confirmation it is over with the race': {
    race: raceFor({ eta: 2 }),
    field: field(at(1, 4, 1, 2), { canBegin: false }),
  },
  'U9 one that was deleted by hand holds up nobody': {
    field: { ...field(at(1, 4, 1, 2), { canBegin: false }), begun: [undefined, ...at(4, 1, 2)] },
    want: '1, 4',
  },
};
for (const [name, { field: facts, want, race = RACE }] of Object.entries(cases)) {
  test(`a race: ${name}`, () => {
    const turn = raceTurn(race, 'maximize', facts);
    assert.equal(turn && `${turn.configuration}, ${turn.replicate}`, want);
  });
}

test('without racing there is no race, and its rungs are those of the spec', () => {
  assert.equal(raceOf(experiment().spec), undefined);
  assert.deepEqual(RACE.sizes, [1, 2, 4]);
  assert.deepEqual(raceFor({}).sizes, [1, 4]);
  assert.deepEqual(raceFor({ algorithm: 'wilcoxon' }).sizes, [1, 2, 3, 4]);
});
