import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trial } from '@espalier/api';
import fc from 'fast-check';
import {
  experiment,
  inPhase,
  type Mod,
  replicateOf,
  rungs,
  running,
  status,
  succeeded,
  trial,
  value,
} from '../testing/builders.ts';
import { type ExperimentProgress, progressOf } from './progress.ts';
import { nextMove } from './race-input.ts';

const SINGLE = experiment().spec;
const PROMOTED = experiment({
  earlyStopping: { algorithm: 'asha-promotion', min: 1, max: 8, eta: 2 },
}).spec;
const RACED = experiment({
  trials: { max: 4 },
  replicates: {
    parameter: 'seed',
    values: [1, 2],
    racing: { eta: 2, confirm: { top: 1, values: [8] } },
  },
}).spec;
const TRIPLE = experiment({ replicates: { parameter: 'seed', values: [1, 2, 3] } }).spec;

function replica(index: number, ...mods: Mod<Trial>[]): Trial {
  const name = `a-${String(index).padStart(5, '0')}`;
  return trial(name, replicateOf(Math.floor(index / 3), index % 3), ...mods);
}
/** In a race the index says nothing: here three replicates each of four configurations. */
const racer = (index: number, ...mods: Mod<Trial>[]) =>
  trial(
    `a-${String(index).padStart(5, '0')}`,
    replicateOf(index % 4, Math.floor(index / 4)),
    ...mods,
  );
const one = (index: number, ...mods: Mod<Trial>[]) =>
  trial(`a-${String(index).padStart(5, '0')}`, ...mods);
const failed = () => inPhase('Failed', 'ProgramError');
const diverged = () => inPhase('Stopped', 'Diverged');
const invalid = () => inPhase('Failed', 'InvalidParameters');

/** Everything that anybody reads from a fold. */
function facts(progress: ExperimentProgress) {
  return {
    total: progress.total,
    phases: ['Pending', 'Running', 'Succeeded', 'Stopped', 'Failed'].map((phase) =>
      progress.phaseCount(phase as never),
    ),
    next: progress.nextIndex,
    created: progress.created,
    completed: progress.completed,
    failed: progress.failed,
    invalid: progress.invalid,
    best: progress.best && [
      progress.best.number,
      progress.best.value,
      progress.best.trial.metadata.name,
    ],
    results: progress.results,
    running: progress.runningBelow(1000),
    active: [...progress.active.keys()].sort((a, b) => a - b),
    holders: [...progress.holders.keys()].sort((a, b) => a - b),
    states: Array.from({ length: 8 }, (_, i) => progress.stateOf(i)),
    waiting: progress.waitingBelow(1000),
    promotions: [false, true].map((isEnd) => progress.rungs.promotable(isEnd)),
    moves: [false, true].map((canBegin) => {
      return progress.race && nextMove(progress.race, 'maximize', progress, canBegin);
    }),
    rungs: [...progress.rungs.of(0)]
      .map(([step, list]) => [step, [...list].sort((a, b) => a.order - b.order)])
      .sort(),
  };
}

const rung = (order: number) => rungs({ step: 1, value: order, order, verdict: 'continue' });
/** What a Trial goes through, one state after the other. */
const lives: Mod<Trial>[][] = [
  [(same) => same, running(), succeeded(0.5)],
  [running(), (same) => rung(1)(running()(same)), (same) => rung(1)(succeeded(0.7)(same))],
  [
    running(),
    (same) =>
      status({
        artifacts: { attempt: 0, folder: 'f', checkpoint: { uri: 'u', sha256: 's', step: 1 } },
      })(succeeded(0.9)(same)),
  ],
  [running(), failed()],
  [running(), diverged()],
  [invalid()],
  [(same) => value(0.6)(inPhase('Stopped', 'EarlyStopped')(same))],
  [inPhase('Stopped', 'Cancelled')],
  ...[0.2, 0.4].map((value): Mod<Trial>[] => {
    const paused = { step: 1, value, order: 10 * value, verdict: 'pause' } as const;
    return [
      running(),
      (same) => rungs(paused)(running()(same)),
      (same) => rungs(paused)(inPhase('Paused')(same)),
      (same) => rungs({ ...paused, promoted: 5 })(inPhase('Pending')(same)),
    ];
  }),
];
const kinds = [
  { spec: SINGLE, make: one },
  { spec: TRIPLE, make: replica },
  { spec: PROMOTED, make: one },
  { spec: RACED, make: racer },
];

test('the fold equals the rebuild after every change, deletions included', () => {
  const change = fc.record({ index: fc.nat(11), isGone: fc.boolean() });
  const story = fc.record({
    lifeOf: fc.array(fc.nat(lives.length - 1), { minLength: 12, maxLength: 12 }),
    changes: fc.array(change, { maxLength: 60 }),
    kind: fc.constantFrom(...kinds),
  });
  fc.assert(
    fc.property(story, ({ lifeOf, changes, kind: { spec, make } }) => {
      const now = new Map<number, Trial>();
      const age = new Map<number, number>();
      const fold = progressOf(spec, []);
      for (const { index, isGone } of changes) {
        const known = now.get(index);
        if (isGone && known !== undefined) {
          fold.remove(known);
          now.delete(index);
          age.delete(index);
        } else {
          const life = lives[lifeOf[index] ?? 0] ?? [];
          const at = Math.min(age.get(index) ?? 0, life.length - 1);
          const next = make(index, life[at] ?? running());
          age.set(index, at + 1);
          now.set(index, next);
          fold.apply(next);
        }
        assert.deepEqual(facts(fold), facts(progressOf(spec, now.values())));
      }
    }),
    { numRuns: 400 },
  );
});

test('the best is the strictly better one, ties to the lower configuration, NaN never', () => {
  const progress = progressOf(SINGLE, [
    one(3, succeeded(0.5)),
    one(1, succeeded(0.5)),
    one(0, inPhase('Succeeded')),
    one(2, succeeded(0.4)),
  ]);
  assert.deepEqual([progress.best?.number, progress.best?.value], [1, 0.5]);
});

test('what failed, diverged or was refused is never best, whatever value it had', () => {
  const bad = [failed(), diverged(), invalid()].map((mod, i) =>
    one(i, (same) => mod(succeeded(0.99)(same))),
  );
  const progress = progressOf(SINGLE, bad);
  assert.equal(progress.best, undefined);
  assert.deepEqual(
    progress.results.map(({ outcome, value: seen }) => [outcome, seen]),
    [
      ['infeasible', undefined],
      ['diverged', undefined],
      ['infeasible', undefined],
    ],
  );
  assert.deepEqual([progress.failed, progress.invalid, progress.completed], [1, 1, 3]);
});

test('the objective of a configuration is the mean of its replicates, and only of all of them', () => {
  const trials = [replica(0, succeeded(0.3)), replica(1, succeeded(0.6)), replica(2, running())];
  assert.equal(progressOf(TRIPLE, trials).best, undefined);
  const { best, results } = progressOf(TRIPLE, [...trials.slice(0, 2), replica(2, succeeded(0.9))]);
  assert.ok(Math.abs((best?.value ?? 0) - 0.6) < 1e-12);
  assert.equal(best?.trial.metadata.name, 'a-00002', 'its best replicate has the checkpoint');
  assert.equal(results.length, 1);
});

test('one failed replicate decides its configuration, and the rest are not created', () => {
  const progress = progressOf(TRIPLE, [replica(0, failed()), replica(1, running())]);
  assert.equal(progress.stateOf(0)?.fault, 'failed');
  assert.equal(progress.stateOf(0)?.isEnded, false);
  assert.deepEqual([progress.nextIndex, progress.failed, progress.completed], [3, 1, 0]);
  progress.apply(replica(1, inPhase('Stopped', 'ReplicateFailed')));
  assert.equal(progress.completed, 1);
});

test('U9 a trial deleted by hand is never made again, counts, and is not in the history', () => {
  const trials = [0, 1, 2].map((index) => one(index, succeeded(0.1 * index)));
  const progress = progressOf(SINGLE, trials);
  progress.remove(trials[1] as Trial);
  assert.deepEqual([progress.nextIndex, progress.created, progress.completed], [3, 3, 3]);
  assert.deepEqual(
    progress.results.map(({ index }) => index),
    [0, 2],
  );
});

test('G4 an older state of a trial that ended is not taken in', () => {
  const progress = progressOf(SINGLE, [one(0, succeeded(0.5)), one(0, running())]);
  assert.equal(progress.phaseCount('Succeeded'), 1);
  assert.equal(progress.active.size, 0);
});

test('K14 a trial that has the name of one before but another uid is another one', () => {
  const before = one(0, (same) => rung(0)(succeeded(0.5)(same)));
  const after: Trial = { ...one(0), metadata: { ...before.metadata, uid: 'another' } };
  const progress = progressOf(SINGLE, [before, after]);
  assert.equal(progress.phaseCount('Pending'), 1);
  assert.equal(progress.rungs.of(0).size, 0);
});

test('U1 ten thousand trials are folded one change at a time', () => {
  const progress = progressOf(SINGLE, []);
  for (let index = 0; index < 10_000; index++) {
    progress.apply(one(index));
    progress.apply(one(index, running()));
    progress.apply(one(index, succeeded(index % 97)));
  }
  assert.equal(progress.completed, 10_000);
});
