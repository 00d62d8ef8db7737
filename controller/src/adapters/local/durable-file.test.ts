import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EspalierError } from '../../ports/errors.ts';
import { DurableFiles, makeFolder, storageError } from './durable-file.ts';

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'espalier-durable-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('a write replaces the whole content, leaves nothing else, and is counted', async (t) => {
  const at = folder(t);
  const files = new DurableFiles();
  await Promise.all([files.write(join(at, 'a'), 'one'), files.write(join(at, 'b'), 'two')]);
  await files.write(join(at, 'a'), 'three');
  await files.writeView(join(at, 'c'), 'view');
  assert.deepEqual(readdirSync(at).sort(), ['a', 'b', 'c']);
  assert.equal(readFileSync(join(at, 'a'), 'utf8'), 'three');
  assert.equal(files.stats().writes, 3, 'views are not durable and do not count');
  assert.ok(files.stats().meanMs > 0);
});

test('a write that fails leaves the old content and no temporary file', async (t) => {
  const at = folder(t);
  const path = join(at, 'taken');
  mkdirSync(path);
  writeFileSync(join(path, 'inside'), '');
  const files = new DurableFiles();
  await assert.rejects(
    files.write(path, 'x'),
    (error) => error instanceof EspalierError && error.code === 'Storage',
  );
  assert.deepEqual(readdirSync(at), ['taken']);
  assert.equal(files.stats().writes, 0);
});

test('a full disk is named as such, and a message never holds a temporary name', async (t) => {
  const full = Object.assign(new Error('ENOSPC: no space left, write'), { code: 'ENOSPC' });
  assert.match(storageError('cannot write x', full).message, /the disk is full/);
  const files = new DurableFiles();
  const missing = join(folder(t), 'missing/file');
  await assert.rejects(files.write(missing, ''), {
    message: `cannot write ${missing}: ENOENT: no such file or directory`,
  });
});

test('a folder is made with its parents; where nothing can be made that is an error', (t) => {
  const root = folder(t);
  makeFolder(join(root, 'a/b'));
  makeFolder(join(root, 'a/b/c'));
  assert.deepEqual(readdirSync(join(root, 'a/b')), ['c']);
  assert.throws(() => makeFolder('/proc/nothing/here'), { code: 'ENOENT' });
});
