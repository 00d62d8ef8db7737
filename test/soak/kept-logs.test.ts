import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { KeptLogs, printedLines, readAttempt } from './kept-logs.ts';

const point = (seq: number) => ({ seq, step: seq, epoch: 0, values: { loss: 1 }, time: 0 });
const log = (lines: readonly unknown[]) =>
  lines.map((line) => `2026-01-01T00:00:00Z stdout F ${JSON.stringify(line)}\n`).join('');

test('a line that the runtime has cut in pieces is one line, and one without an end is none', () => {
  const text = 'T stdout P {"a"\nT stdout F :1}\nT stderr F said\nT stdout P {"kind"';
  assert.deepEqual(printedLines(text), ['{"a":1}', 'said']);
});

test('the report of an attempt is read from its log', () => {
  const lines = [
    { kind: 'started', time: 0, firstSeq: 3, resumedStep: 9 },
    { kind: 'points', points: [point(3), point(4)] },
  ];
  const read = readAttempt(1, log(lines));
  assert.deepEqual(read, {
    attempt: 1,
    firstSeq: 3,
    points: [point(3), point(4)],
    finished: false,
  });
  const end = { kind: 'finished', time: 0, lastSeq: 4, digest: '0123456789abcdef' };
  assert.equal(readAttempt(1, log([...lines, end])).finished, true);
});

test('a log outlives its pod, and is that of its trial alone', () => {
  const root = mkdtempSync(join(tmpdir(), 'espalier-logs-'));
  try {
    const pods = join(root, 'pods');
    const write = (pod: string, lines: readonly unknown[]) => {
      mkdirSync(join(pods, pod, 'trainer'), { recursive: true });
      writeFileSync(join(pods, pod, 'trainer/0.log'), log(lines));
    };
    const logs = new KeptLogs(pods, join(root, 'kept'));
    logs.look(); // before there is any
    write('team_e-00001-a10_u3', [{ kind: 'points', points: [point(2)] }]);
    write('team_e-00001-a9_u2', [{ kind: 'points', points: [point(1)] }]);
    write('team_e-00011-a0_u1', [{ kind: 'points', points: [point(5)] }]);
    logs.look();
    rmSync(pods, { recursive: true });
    logs.look();
    const found = logs.attemptsOf('team', 'e-00001');
    assert.deepEqual(
      found.map(({ attempt, points }) => [attempt, points[0]?.seq]),
      [
        [9, 1],
        [10, 2],
      ],
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('warnings and errors of controllers are counted by what they say', () => {
  const root = mkdtempSync(join(tmpdir(), 'espalier-logs-'));
  try {
    const pod = join(root, 'pods', 'system_c-1_u1', 'controller');
    mkdirSync(pod, { recursive: true });
    const line = (level: string, message: string) => ({ time: '', level, message });
    const lines = [line('warn', '2 are gone'), line('info', 'ready'), line('warn', '31 are gone')];
    writeFileSync(join(pod, '0.log'), log([...lines, line('error', 'failed')]));
    const logs = new KeptLogs(join(root, 'pods'), join(root, 'kept'));
    logs.look();
    assert.deepEqual(logs.troubles(), { 'warn: # are gone': 2, 'error: failed': 1 });
  } finally {
    rmSync(root, { recursive: true });
  }
});
