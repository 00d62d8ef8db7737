import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Experiment, Point, Trial } from '@espalier/api';
import {
  experiment as buildExperiment,
  trial as buildTrial,
  experimentStatus,
} from '../../controller/src/domain/testing/builders.ts';
import { accountOf, sumOf, trajectory, wrongEnd } from './judge.ts';
import type { AttemptLog } from './kept-logs.ts';
import { job } from './workload.ts';

type TrialStatus = NonNullable<Trial['status']>;

const point = (seq: number): Point => ({
  seq,
  step: seq + 1,
  epoch: seq + 1,
  values: { valid_acc: seq / 10 },
  time: 0,
});
const points = (first: number, last: number): Point[] =>
  Array.from({ length: last - first + 1 }, (_, place) => point(first + place));
const printed = (attempt: number, first: number, last: number, finished = true): AttemptLog => ({
  attempt,
  firstSeq: first,
  points: points(first, last),
  finished,
});

function trial(counted: number, status: Partial<TrialStatus> = {}, name = 'e-00000'): Trial {
  return buildTrial(name, (object) => ({
    ...object,
    status: {
      phase: 'Succeeded',
      reason: 'Completed',
      observation: {
        value: 0.4,
        step: 5,
        epoch: 5,
        lastStep: 5,
        lastEpoch: 5,
        lastValue: 0.4,
        points: counted,
      },
      attempts: [{ number: 0, startTime: '2026-01-01T00:00:00Z', outcome: 'Succeeded' }],
      rungs: [],
      ...status,
    } as TrialStatus,
  }));
}

test('a trial whose points are all counted and stored lost none', () => {
  const account = accountOf(trial(5), { printed: [printed(0, 0, 4)], stored: points(0, 4) });
  const counts = { sent: 5, folded: 5, stored: 5, lost: 0, duplicates: 0, unfinished: 0 };
  assert.deepEqual(account, { ...counts, wrong: [] });
});

const BROKEN: Record<string, { trial: Trial; stored?: Point[]; want: object }> = {
  'a point that is not counted is lost': { trial: trial(4), want: { lost: 1 } },
  'a point that is not stored is lost': {
    trial: trial(5),
    stored: points(1, 4),
    want: { lost: 1 },
  },
  'a point that nobody sent is a duplicate': { trial: trial(6), want: { duplicates: 1 } },
  'a point that is stored twice is a duplicate': {
    trial: trial(5),
    stored: [...points(0, 4), point(4)],
    want: { duplicates: 1 },
  },
};
for (const [name, { trial: object, stored = points(0, 4), want }] of Object.entries(BROKEN)) {
  test(name, () => {
    const account = accountOf(object, { printed: [printed(0, 0, 4)], stored });
    assert.deepEqual({ ...account, ...want }, account);
  });
}

test('a value that is not as it was sent is wrong, in the store and in the Trial', () => {
  const stored = [...points(0, 3), { ...point(4), values: { valid_acc: 0.9 } }];
  const inStore = accountOf(trial(5), { printed: [printed(0, 0, 4)], stored });
  assert.deepEqual(inStore.wrong, ['point 4 of e-00000 is not stored as it was sent']);
  const log = { ...printed(0, 0, 4), points: stored };
  const inTrial = accountOf(trial(5), { printed: [log], stored });
  assert.match(inTrial.wrong.join(), /value is 0.4, the trainer says 0.9/);
});

test('what a later attempt does over again counts once, and may be counted for each', () => {
  const logs = [printed(0, 0, 3, false), printed(1, 2, 4)];
  assert.deepEqual(
    trajectory(logs).map(({ seq }) => seq),
    [0, 1, 2, 3, 4],
  );
  for (const [counted, lost, duplicates] of [
    [5, 0, 0],
    [7, 0, 0],
    [8, 0, 1],
    [4, 1, 0],
  ] as const) {
    const account = accountOf(trial(counted), { printed: logs, stored: points(0, 4) });
    assert.deepEqual([account.lost, account.duplicates], [lost, duplicates]);
  }
});

test('an attempt that was killed before it said anything hides no points of the one before', () => {
  const silent = { attempt: 1, firstSeq: 0, points: [], finished: false };
  assert.equal(trajectory([printed(0, 0, 3, false), silent]).length, 4);
});

test('nothing is lost of a last attempt that was killed, which is told apart', () => {
  const account = accountOf(trial(2), { printed: [printed(0, 0, 4, false)], stored: [] });
  assert.deepEqual([account.lost, account.unfinished], [0, 1]);
});

test('files that went with their Experiment are not missed', () => {
  const account = accountOf(trial(5), { printed: [printed(0, 0, 4)], stored: undefined });
  assert.deepEqual([account.lost, account.stored], [0, 0]);
});

test('an attempt that ran and left no log is wrong, one that never ran is not', () => {
  const { wrong } = accountOf(
    trial(0, {
      observation: undefined,
      attempts: [
        { number: 0, outcome: 'Disrupted' },
        { number: 1, startTime: '2026-01-01T00:00:00Z', outcome: 'Disrupted' },
      ],
    } as Partial<TrialStatus>),
    { printed: [], stored: undefined },
  );
  assert.deepEqual(wrong, ['a1 of e-00000 ran and left no log']);
});

test('accounts add up', () => {
  const one = accountOf(trial(4), { printed: [printed(0, 0, 4)], stored: points(0, 4) });
  const { sent, folded, lost } = sumOf([one, one]);
  assert.deepEqual([sent, folded, lost], [10, 8, 2]);
});

const wanted = job(0, ['node']);
const all = (change: (trials: Trial[]) => Trial[] = (trials) => trials): Trial[] =>
  change(Array.from({ length: wanted.trials }, (_, index) => trial(5, {}, `e-0000${index}`)));
const over = (phase: 'Succeeded' | 'Failed' = 'Succeeded'): Experiment =>
  buildExperiment({}, experimentStatus({ phase, message: 'as it is' }));

test('an Experiment with every trial in its place has nothing wrong', () => {
  assert.deepEqual(wrongEnd({ job: wanted, experiment: over(), trials: all() }), []);
});

const WRONG: Record<string, { phase?: 'Failed'; trials?: Trial[]; says: RegExp }> = {
  'an Experiment that failed': { phase: 'Failed', says: /is Failed: as it is/ },
  'a trial that is not there': { trials: all((some) => some.slice(1)), says: /trials 1, 2, 3/ },
  'a trial too many': {
    trials: all((some) => [...some, trial(5, {}, 'e-00004')]),
    says: /trials 0, 1, 2, 3, 4/,
  },
  'a trial that runs for ever': {
    trials: all(([, ...some]) => [trial(5, { phase: 'Running', reason: 'Reporting' }), ...some]),
    says: /e-00000 is Running/,
  },
  'a trial that failed': {
    trials: all(([, ...some]) => [trial(5, { phase: 'Failed', reason: 'ProgramError' }), ...some]),
    says: /e-00000 is Failed\/ProgramError/,
  },
  'an attempt that is missing in the ledger': {
    trials: all(([, ...some]) => [
      trial(5, { attempts: [{ number: 1, outcome: 'Succeeded' }] }),
      ...some,
    ]),
    says: /counts the attempts 1/,
  },
  'an attempt without an outcome': {
    trials: all(([, ...some]) => [trial(5, { attempts: [{ number: 0 }] }), ...some]),
    says: /a0 of e-00000 has no outcome/,
  },
};
for (const [name, { phase, trials = all(), says }] of Object.entries(WRONG)) {
  test(`${name} is wrong`, () => {
    const wrong = wrongEnd({ job: wanted, experiment: over(phase), trials });
    assert.equal(wrong.length, 1, wrong.join('; '));
    assert.match(wrong[0] ?? '', says);
  });
}
