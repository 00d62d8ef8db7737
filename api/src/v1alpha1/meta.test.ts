import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isTerminalExperiment } from './experiment-status.ts';
import { podName, trialName } from './labels.ts';
import { LIMITS } from './limits.ts';
import { durationMs, labelNameSchema, objectNameSchema } from './meta.ts';
import { assignmentValue } from './parameters.ts';
import { isTerminalTrial } from './trial.ts';

const durations: Record<string, number> = {
  '0s': 0,
  '250ms': 250,
  '90s': 90_000,
  '15m': 900_000,
  '1h30m': 5_400_000,
  '1.5h': 5_400_000,
  '1h1m1s1ms': 3_661_001,
  '0.0011h': 3960,
  '1.1s': 1100,
  '87600h': 315_360_000_000,
};
for (const [text, want] of Object.entries(durations)) {
  test(`${text} is ${want} ms`, () => assert.equal(durationMs(text), want));
}

const noDurations = [
  '',
  '5',
  '5 m',
  'm',
  '-5m',
  '5d',
  '1h30',
  '.5h',
  '5m\n',
  '\u0665m',
  '1e3s',
  '5M',
  `${'1'.repeat(40)}s`,
];
for (const text of noDurations) {
  test(`${JSON.stringify(text)} is no duration`, () => {
    assert.throws(() => durationMs(text), RangeError);
  });
}

test('a duration is the sum of its parts, in whole milliseconds', () => {
  const part = fc.tuple(fc.nat(999), fc.constantFrom('ms', 's', 'm', 'h'));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const texts = parts.map(([amount, unit]) => `${amount}${unit}`);
      const sum = texts.reduce((total, text) => total + durationMs(text), 0);
      assert.equal(durationMs(texts.join('')), sum);
      assert.ok(Number.isSafeInteger(sum));
    }),
  );
});

test('F23 the names of Trials and pods of the longest Experiment name fit into a label', () => {
  const trial = trialName('e'.repeat(LIMITS.experimentName), LIMITS.trials - 1);
  const pod = podName(trial, LIMITS.attempts - 1);
  assert.equal(trial.slice(-6), '-99999');
  assert.ok(pod.length <= 63 && labelNameSchema.safeParse(pod).success, pod);
  assert.equal(podName(trialName('digits', 3), 0), 'digits-00003-a0');
});

test('K13 names are matched from end to end', () => {
  for (const schema of [labelNameSchema, objectNameSchema]) {
    for (const bad of ['a\n', '\na', 'a b', '-a', 'a-', 'A', '', 'a\nb', 'a_b', '..', 'a.']) {
      assert.ok(!schema.safeParse(bad).success, JSON.stringify(bad));
    }
    assert.ok(schema.safeParse('a-0').success);
  }
  assert.ok(objectNameSchema.safeParse('a.b').success);
  assert.ok(!labelNameSchema.safeParse('a.b').success);
});

test('an assignment gives its one value, also if that is 0, false or empty', () => {
  assert.equal(assignmentValue({ name: 'a', float: 0 }), 0);
  assert.equal(assignmentValue({ name: 'a', bool: false }), false);
  assert.equal(assignmentValue({ name: 'a', string: '' }), '');
  assert.equal(assignmentValue({ name: 'a', int: 3 }), 3);
  assert.equal(assignmentValue({ name: 'a' }), undefined);
});

test('G4 the terminal phases, and no others, are final', () => {
  assert.deepEqual(
    [undefined, 'Pending', 'Running', 'Paused', 'Succeeded', 'Stopped', 'Failed'].filter((phase) =>
      isTerminalTrial(phase as Parameters<typeof isTerminalTrial>[0]),
    ),
    ['Succeeded', 'Stopped', 'Failed'],
  );
  assert.deepEqual(
    [undefined, 'Pending', 'Stopping', 'Succeeded', 'Failed', 'Cancelled'].filter((phase) =>
      isTerminalExperiment(phase as Parameters<typeof isTerminalExperiment>[0]),
    ),
    ['Succeeded', 'Failed', 'Cancelled'],
  );
});
