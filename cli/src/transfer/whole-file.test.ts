import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeWholeFile } from './whole-file.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-whole-'));
});
after(() => rmSync(dir, { recursive: true }));

test('a file is replaced, and nothing is left beside it', async () => {
  const path = join(dir, 'a.svg');
  await writeWholeFile(path, 'one');
  await writeWholeFile(path, 'two');
  assert.equal(readFileSync(path, 'utf8'), 'two');
  assert.deepEqual(readdirSync(dir), ['a.svg']);
});

test('a link stays a link, and what it names is replaced', async () => {
  mkdirSync(join(dir, 'far'));
  await writeWholeFile(join(dir, 'far/b.svg'), 'one');
  symlinkSync('far/b.svg', join(dir, 'b.svg'));
  await writeWholeFile(join(dir, 'b.svg'), 'two');
  assert.equal(lstatSync(join(dir, 'b.svg')).isSymbolicLink(), true);
  assert.equal(readFileSync(join(dir, 'far/b.svg'), 'utf8'), 'two');
});

test('a pipe is written to and stays one', async () => {
  const path = join(dir, 'pipe');
  execFileSync('mkfifo', [path]);
  const [read] = await Promise.all([readFile(path, 'utf8'), writeWholeFile(path, 'through')]);
  assert.equal(read, 'through');
  assert.equal(lstatSync(path).isFIFO(), true);
});

test('what cannot be written leaves nothing behind', async () => {
  await assert.rejects(
    writeWholeFile(join(dir, 'no/such/folder'), 'x'),
    /there is no folder .*no\/such/,
  );
  assert.equal(readdirSync(dir).includes('no'), false);
});
