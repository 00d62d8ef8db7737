import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addToDigest, EMPTY_DIGEST, formatDigest, type ReportLine } from '@espalier/api';
import { beginDelivery } from './delivery.ts';
import { PointLog } from './point-log.ts';
import { metricsTable, stepsTable } from './tables.ts';
import { encodeLastWords } from './termination-log.ts';

function recorder() {
  const lines: ReportLine[] = [];
  return { lines, sink: { write: (line: ReportLine) => void lines.push(line), close() {} } };
}

test('points are numbered on from the inherited ones and flushed at most a second late', () => {
  const { lines, sink } = recorder();
  const inherited = [{ seq: 0, step: 1, epoch: 0, values: { loss: 1 }, time: 0 }];
  let now = 1000;
  const log = new PointLog(inherited, 1, sink, () => now);
  log.start(1, 8);
  log.add(2, 0, { loss: 2 });
  log.add(3, 0, { loss: 3 });
  now += 1000;
  log.add(4, 0, { loss: 4 });
  log.finish();
  const sent = lines.map((line) =>
    line.kind === 'points' ? line.points.map(({ seq }) => seq) : line.kind,
  );
  assert.deepEqual(sent, ['started', [1], [2, 3], 'finished']);
  const last = lines.at(-1);
  assert.ok(last?.kind === 'finished');
  const own = log.points.slice(1);
  assert.equal(last.digest, formatDigest(own.reduce(addToDigest, EMPTY_DIGEST)));
  assert.equal(last.lastSeq, 3);
});

test('an attempt without a point finishes with -1', () => {
  const { lines, sink } = recorder();
  new PointLog([], 0, sink).finish();
  assert.ok(lines[0]?.kind === 'finished' && lines[0].lastSeq === -1);
});

test('a segment holds what the segment before did not', () => {
  const log = new PointLog([], 0, recorder().sink);
  log.add(1, 0, {});
  log.add(2, 0, {});
  assert.deepEqual(
    log.takeUnsaved().map(({ seq }) => seq),
    [0, 1],
  );
  log.add(3, 0, {});
  assert.deepEqual(
    log.takeUnsaved().map(({ seq }) => seq),
    [2],
  );
});

const order = {
  task: {
    ...{ namespace: 'team-a', experiment: 'a', trial: 'a-00000', attempt: 0 },
    uid: '3f8e1c52-0000-4000-8000-000000000001',
    parameters: [],
    objective: { metric: 'valid_acc', goal: 'maximize' as const },
    checkpoint: { everyEpochs: 1 },
  },
  credentials: '/espalier/credentials',
  outFolder: '/espalier/out',
  graceSeconds: 30,
};

const refused: Record<string, [change: object, message: RegExp]> = {
  'an address of another kind': [{ report: 'http://x' }, /must be file:<path> or nats/],
  'a server without a name': [{ report: 'nats://:4222' }, /must be nats:\/\/host/],
  'NATS without credentials': [{ credentials: undefined }, /ESPALIER_CREDENTIALS is not set/],
  'an attempt without subjects': [{ task: { ...order.task, uid: 'x.>' } }, /not an attempt/],
};
for (const [what, [change, message]] of Object.entries(refused)) {
  test(`${what} ends the trial before it begins`, () => {
    const { signal } = new AbortController();
    const wrong = { ...order, report: 'nats://127.0.0.1:4222', ...change };
    assert.throws(() => beginDelivery(wrong, signal), { exitCode: 30, message });
  });
}

test('steps and epochs go to tables of their own', () => {
  const points = [
    { seq: 0, step: 1, epoch: 0, values: { loss: 0.5, lr: 0.1 }, time: 0 },
    { seq: 1, step: 1, epoch: 1, values: { train_loss: 0.5, valid_acc: 1 }, time: 0 },
  ];
  assert.equal(stepsTable(points), 'epoch,step,loss,lr\n0,1,0.5,0.1\n');
  assert.equal(metricsTable(points), 'epoch,step,train_loss,valid_acc\n1,1,0.5,1\n');
});

test('last words fit into a termination message and keep the objective', () => {
  const values = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`metric_${i}`, i / 3]));
  const point = { seq: 1, step: 2, epoch: 3, values, time: 0 };
  const text = encodeLastWords({ point, message: 'ä'.repeat(5000) }, 'metric_7');
  assert.ok(Buffer.byteLength(text) <= 4096);
  assert.equal(JSON.parse(text).values.metric_7, 7 / 3);
});
