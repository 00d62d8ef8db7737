import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FileFeed } from './file-feed.ts';
import { LineTail } from './line-tail.ts';
import { systemClock } from './system-clock.ts';

const UID = 'trial-uid';
const INTEREST = {
  experimentUid: 'experiment-uid',
  trialUid: UID,
  namespace: 'default',
  trialName: 'sweep-00000',
  metric: 'acc',
  goal: 'maximize',
  resource: 'epoch',
  milestones: [1, 2],
} as const;

function report(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-feed-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'report.jsonl');
}

interface Fixture {
  readonly feed: FileFeed;
  readonly broken: string[];
  readonly forgotten: (readonly number[])[];
}

function feedOf(t: TestContext): Fixture {
  const broken: string[] = [];
  const forgotten: (readonly number[])[] = [];
  const feed = new FileFeed({
    clock: systemClock,
    onForget: (_uid, attempts) => forgotten.push(attempts),
    onBroken: (_interest, _attempt, why) => broken.push(why),
  });
  t.after(() => feed.close());
  return { feed, broken, forgotten };
}

const point = (seq: number, value: number): string =>
  `${JSON.stringify({
    kind: 'points',
    points: [{ seq, step: seq + 1, epoch: seq + 1, values: { acc: value }, time: 0 }],
  })}\n`;

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!isSo()) {
    assert.ok(performance.now() < deadline, 'waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('a report is followed as it grows, and a half line waits for its other half', async (t) => {
  const path = report(t);
  const { feed, broken } = feedOf(t);
  let changes = 0;
  feed.onChange(() => {
    changes++;
  });
  feed.attach(UID, 0, path);
  feed.follow(INTEREST);
  assert.equal(feed.view(UID)?.points, 0, 'a file that is not there yet is no error');
  const second = point(1, 0.7);
  writeFileSync(path, point(0, 0.5) + second.slice(0, 20));
  await until(() => feed.view(UID)?.points === 1);
  appendFileSync(path, second.slice(20));
  await until(() => feed.view(UID)?.points === 2);
  assert.equal(feed.view(UID)?.best?.value, 0.7);
  assert.equal(feed.view(UID)?.complete, false);
  feed.ended(UID, 0);
  await until(() => feed.view(UID)?.complete === true);
  assert.ok(changes >= 3);
  assert.deepEqual(broken, []);
});

test('K12 what a process wrote before an instant end is there when the report is complete', async (t) => {
  const path = report(t);
  const { feed } = feedOf(t);
  writeFileSync(path, point(0, 0.5));
  feed.attach(UID, 0, path);
  feed.ended(UID, 0);
  feed.follow(INTEREST);
  await until(() => feed.view(UID)?.complete === true);
  assert.equal(feed.view(UID)?.best?.value, 0.5);
});

test('reports of all attempts are read, and the latest attempt says whether it is complete', async (t) => {
  const path = report(t);
  const { feed, forgotten } = feedOf(t);
  writeFileSync(path, point(0, 0.5));
  writeFileSync(`${path}.1`, point(1, 0.6));
  feed.attach(UID, 0, path);
  feed.attach(UID, 1, `${path}.1`);
  feed.ended(UID, 0);
  feed.follow(INTEREST);
  await until(() => feed.view(UID)?.points === 2);
  assert.equal(feed.view(UID)?.complete, false);
  feed.forget(UID);
  assert.equal(feed.view(UID), undefined);
  assert.deepEqual(forgotten, [[0, 1]]);
});

test('broken, endless and foreign lines are skipped with one warning', async (t) => {
  const path = report(t);
  const { feed, broken } = feedOf(t);
  feed.attach(UID, 0, path);
  feed.follow(INTEREST);
  const endless = 'x'.repeat(5_000_000);
  writeFileSync(path, `nonsense\n{"kind":"other"}\n${endless}\n${point(0, 0.5)}{"kind":"po`);
  feed.ended(UID, 0);
  await until(() => feed.view(UID)?.complete === true);
  assert.equal(feed.view(UID)?.points, 1);
  assert.deepEqual(broken, [
    '4 lines of its report were skipped: 2 broken, 1 too long, the last one without an end',
  ]);
});

test('a report that is a link or a folder leads nowhere', async (t) => {
  const path = report(t);
  writeFileSync(`${path}.target`, point(0, 0.5));
  symlinkSync(`${path}.target`, path);
  const { feed } = feedOf(t);
  feed.attach(UID, 0, path);
  feed.follow(INTEREST);
  feed.ended(UID, 0);
  await until(() => feed.view(UID)?.complete === true);
  assert.equal(feed.view(UID)?.points, 0);
});

test('lines come out whole whatever the pieces in which they were written', async (t) => {
  const path = report(t);
  const tail = new LineTail(path);
  const text = Array.from({ length: 300 }, (_, i) => `${i} ${'ä'.repeat((i * 37) % 400)}`);
  const bytes = Buffer.from(`${text.join('\n')}\n`);
  const lines: string[] = [];
  writeFileSync(path, '');
  for (let at = 0; at < bytes.length; at += 997) {
    appendFileSync(path, bytes.subarray(at, at + 997));
    await tail.read((line) => lines.push(line));
  }
  assert.deepEqual(lines, text);
  assert.equal(tail.hasPartialLine, false);
});
