import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { scanFolder } from '../../../cli/src/data/scan-folder.ts';
import { TarArchive } from '../../../cli/src/data/tar-archive.ts';
import { unpack } from '../../../courier/src/unpack.ts';
import { makeStateFolder } from '../../kit/state-folder.ts';

const LIMITS = { bytes: 2 ** 20, entries: 1000 };

const FILES = {
  'train/0/a.png': 'x'.repeat(512),
  'train/1/b.png': '',
  'Zähler ö.csv': 'a;b\n',
  ' leading and trailing ': 's',
  [`deep/${'long'.repeat(30)}/${'名'.repeat(60)}.bin`]: 'z'.repeat(70_000),
};

test('a folder that was pushed is unpacked in the pod as it was, byte for byte', async (t) => {
  const folder = makeStateFolder('pushed');
  t.after(() => folder.remove({ keepLogs: false }));
  for (const [name, content] of Object.entries(FILES)) {
    mkdirSync(dirname(folder.file('from', name)), { recursive: true });
    writeFileSync(folder.file('from', name), content);
  }
  mkdirSync(folder.file('from', 'empty'));
  mkdirSync(folder.file('to'));
  const archive = new TarArchive(folder.file('from'), await scanFolder(folder.file('from')));
  async function* pieces(): AsyncGenerator<Buffer> {
    // As a network cuts them: nothing is aligned.
    for (let at = 0; at < archive.size; at += 700) {
      yield await archive.read(at, Math.min(at + 700, archive.size));
    }
  }
  const { files, bytes } = await unpack(pieces(), folder.file('to'), LIMITS);
  assert.equal(files, Object.keys(FILES).length);
  const found = readdirSync(folder.file('to'), { recursive: true, withFileTypes: true });
  const names = found
    .filter((entry) => entry.isFile())
    .map((entry) => {
      return join(entry.parentPath, entry.name).slice(folder.file('to').length + 1);
    });
  assert.deepEqual(names.sort(), Object.keys(FILES).sort());
  for (const [name, content] of Object.entries(FILES)) {
    assert.equal(readFileSync(folder.file('to', name), 'utf8'), content);
  }
  assert.ok(found.some((entry) => entry.isDirectory() && entry.name === 'empty'));
  t.diagnostic(`files ${files}, bytes ${bytes}, different 0`);
});
