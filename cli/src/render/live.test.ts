import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EPOCH_MS, endedTrial, experiment, runningTrial, trialView } from '../testing/objects.ts';
import { trialRow } from '../view/trial-row.ts';
import { type LiveView, liveFrame } from './live.ts';
import { COLOUR_PAINT, NO_PAINT } from './style.ts';
import { displayWidth } from './width.ts';

const NOW_MS = EPOCH_MS + 30_000;

function view(overrides: Partial<LiveView> = {}): LiveView {
  const object = experiment({
    status: {
      progress: '2/6',
      best: {
        trial: 'digits-00001',
        configuration: 1,
        value: 0.9713,
        step: 700,
        parameters: [
          { name: 'lr', float: 0.002 },
          { name: 'schedule', string: 'constant' },
          { name: 'epochs', int: 8 },
        ],
      },
    },
  });
  const trials = [
    endedTrial(0, 0.91, { seconds: 20 }),
    endedTrial(1, 0.9713, { seconds: 28 }),
    runningTrial(2, 3, 0.88),
    trialView(3, { status: { phase: 'Starting' } }),
  ];
  return {
    experiment: object,
    rows: trials.map((trial) => trialRow(object, trial, NOW_MS)),
    trendOf: (trial) => (trial === 'digits-00002' ? [0.5, 0.8, 0.88] : []),
    elapsedMs: 30_000,
    ...overrides,
  };
}

test('a wide terminal shows all columns', () => {
  assert.deepEqual(liveFrame(view(), { columns: 120, rows: 50 }, NO_PAINT), [
    'digits  Running  2/6 done  1 running  1 starting  30s elapsed  about 1m04s left',
    'best valid_acc 0.9713  digits-00001  lr=0.002 schedule=constant',
    '',
    'TRIAL         STATE         LR  SCHEDULE  EPOCH  VALID_ACC  TIME  LEFT  IMG/S  TREND',
    'digits-00002  Running    0.003  cosine      3/8     0.8800   30s   25s   1.2k  ▁▇█',
    'digits-00003  Starting   0.004  constant    0/8          -     -',
    'digits-00001  Succeeded  0.002  constant    8/8     0.9713   28s',
    'digits-00000  Succeeded  0.001  cosine      8/8     0.9100   20s',
  ]);
});

test('a narrow terminal says what it had no room for', () => {
  assert.deepEqual(liveFrame(view(), { columns: 60, rows: 24 }, NO_PAINT), [
    'digits  Running  2/6 done  1 running  1 starting  30s elaps…',
    'best valid_acc 0.9713  digits-00001  lr=0.002 schedule=cons…',
    '',
    'TRIAL  STATE         LR  SCHEDULE  EPOCH  VALID_ACC  LEFT',
    '00002  Running    0.003  cosine      3/8     0.8800   25s',
    '00003  Starting   0.004  constant    0/8          -',
    '00001  Succeeded  0.002  constant    8/8     0.9713',
    '00000  Succeeded  0.001  cosine      8/8     0.9100',
    'too narrow for: time, img/s, trend',
  ]);
});

test('at most 20 rows are shown, those that run first', () => {
  const object = experiment({ status: {} });
  const trials = Array.from({ length: 30 }, (_, index) =>
    index === 29 ? runningTrial(index, 1, 0.5) : endedTrial(index, index / 100),
  );
  const rows = trials.map((trial) => trialRow(object, trial, NOW_MS));
  const frame = liveFrame(view({ experiment: object, rows }), { columns: 120, rows: 60 }, NO_PAINT);
  assert.match(frame[4] ?? '', /^digits-00029 {2}Running/);
  assert.match(frame[5] ?? '', /^digits-00028 {2}Succeeded/);
  assert.equal(frame.filter((line) => line.startsWith('digits-000')).length, 20);
  assert.equal(frame.at(-1), '10 more: espalier trials digits');
});

test('a failure says how to read its log, also on a narrow terminal', () => {
  const object = experiment({ status: {} });
  const message =
    'exit code 1: ModuleNotFoundError: no module named torch anywhere on this machine';
  const failed = endedTrial(4, undefined, {
    status: { phase: 'Failed', reason: 'ProgramError', message },
  });
  const rows = [trialRow(object, failed, NOW_MS)];
  const frame = liveFrame(view({ experiment: object, rows }), { columns: 80, rows: 24 }, NO_PAINT);
  assert.equal(
    frame.at(-1),
    'digits-00004 ProgramError: exit code 1: ModuleNot…  (espalier logs digits-00004)',
  );
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const COLOURS = /\x1b\[[0-9;]*m/g;

test('property: a frame fits on its terminal whatever names, values and messages hold', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  const trials = fc.array(
    fc.record({
      value: fc.double(),
      lr: fc.double(),
      schedule: text,
      message: text,
      isFailed: fc.boolean(),
    }),
    { maxLength: 30 },
  );
  const sizes = fc.record({
    columns: fc.integer({ min: 1, max: 220 }),
    rows: fc.integer({ min: 1, max: 60 }),
  });
  fc.assert(
    fc.property(trials, sizes, text, (parts, size, notice) => {
      const object = experiment({ status: {} });
      const rows = parts.map(({ value, lr, schedule, message, isFailed }, index) => {
        const built = endedTrial(index, 0.5, {
          status: { phase: isFailed ? 'Failed' : 'Running' },
        });
        const { trial } = built;
        const hostile = {
          ...trial,
          spec: {
            ...trial.spec,
            parameters: [
              { name: 'lr', float: lr },
              { name: 'schedule', string: schedule },
            ],
          },
          status: { ...trial.status, phase: trial.status?.phase ?? 'Pending', message },
        };
        const row = trialRow(object, { trial: hostile as typeof trial }, NOW_MS);
        return { ...row, value, latest: value };
      });
      const frame = liveFrame(view({ experiment: object, rows, notice }), size, COLOUR_PAINT);
      assert.ok(frame.length <= Math.max(1, size.rows - 1));
      for (const line of frame) {
        const bare = line.replace(COLOURS, '');
        assert.ok(displayWidth(bare) <= size.columns, `${displayWidth(bare)} > ${size.columns}`);
        assert.doesNotMatch(bare, /\p{Cc}/u);
      }
    }),
    { numRuns: 150 },
  );
});
