import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { boundLog, keepLogEnd } from './bounded-log.ts';
import { parseRunFolder } from './layout.ts';
import { isGenuineExit, makeRunFolder, markRun, readRunRecord } from './run-record.ts';

const cases: Record<string, { code: number; interrupted: boolean; want: boolean }> = {
  'done is done, whoever asked for the end': { code: 0, interrupted: true, want: true },
  'invalid parameters stay invalid': { code: 20, interrupted: true, want: true },
  'a crash before anybody asked is a crash': { code: 1, interrupted: false, want: true },
  'a crash after we asked may be our doing': { code: 1, interrupted: true, want: false },
  'saved on SIGTERM is an interruption': { code: 10, interrupted: false, want: false },
  'a signal may be the shutdown of the machine': { code: 143, interrupted: false, want: false },
};
for (const [name, { code, interrupted, want }] of Object.entries(cases)) {
  test(name, () => assert.equal(isGenuineExit(code, interrupted), want));
}

test('what a scratch folder tells: begun, asked to end, ended; a half-written code tells nothing', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'espalier-run-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'x');
  makeRunFolder(folder);
  const fresh = readRunRecord(folder);
  assert.equal(fresh.exit, undefined);
  assert.equal(fresh.interrupted, false);
  assert.ok(fresh.createdMs > 0);
  writeFileSync(join(folder, 'exit'), '13');
  assert.equal(readRunRecord(folder).exit, undefined);
  writeFileSync(join(folder, 'exit'), '137\n');
  writeFileSync(join(folder, 'termination'), '{"acc":1}');
  markRun(folder, 'deleting', 5);
  markRun(folder, 'interrupted', 6);
  const { exit, interrupted, deletingSinceMs, message } = readRunRecord(folder);
  assert.deepEqual([exit?.code, interrupted, message], [137, true, '{"acc":1}']);
  assert.ok(deletingSinceMs !== undefined);
});

test('only names that we make are read as attempts', () => {
  const uid = '0b9f3a52-5a0e-4d1b-9f0e-1b2c3d4e5f60';
  assert.deepEqual(parseRunFolder(`${uid}-12`), { trialUid: uid, attempt: 12 });
  for (const name of [uid, `${uid}-`, `${uid}-a`, 'x-1', `../${uid}-1`]) {
    assert.equal(parseRunFolder(name), undefined, name);
  }
});

test('a long log keeps its beginning and its end and says so; a short one is left alone', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'espalier-log-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const path = join(root, 'log');
  const bounds = { limit: 1000, head: 100, tail: 200 };
  assert.equal(boundLog(path, bounds), false);
  writeFileSync(path, 'x'.repeat(1000));
  assert.equal(boundLog(path, bounds), false);
  writeFileSync(path, `first${'x'.repeat(5000)}last`);
  assert.equal(boundLog(path, bounds), true);
  const text = readFileSync(path, 'utf8');
  assert.match(text, /^first.*bytes left out.*last$/s);
  assert.ok(text.length < 400);

  const kept = join(root, 'log.txt');
  await keepLogEnd(path, kept);
  assert.equal(readFileSync(kept, 'utf8'), text);
  writeFileSync(path, 'other');
  await keepLogEnd(path, kept);
  assert.equal(statSync(kept).size, text.length, "a trainer's own log is not replaced");
});
