import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from './make-folder.ts';

test('a folder is made with those above it, and one that is there is left alone', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-folder-'));
  t.after(() => rmSync(dir, { recursive: true }));
  await makeFolder(join(dir, 'a/b/c'));
  await makeFolder(join(dir, 'a/b/c'));
  assert.equal(existsSync(join(dir, 'a/b/c')), true);
  writeFileSync(join(dir, 'file'), '');
  await assert.rejects(makeFolder(join(dir, 'file')), { code: 'EEXIST' });
  await assert.rejects(makeFolder(join(dir, 'file/x')), { code: 'ENOTDIR' });
});

test('a folder that takes no other is an error and no endless wait', async () => {
  await assert.rejects(makeFolder('/proc/espalier/x'), { name: 'Error', code: 'ENOENT' });
});
