import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { scanFolder } from './scan-folder.ts';
import { TarArchive } from './tar-archive.ts';
import { paddingAfter, tarHeader } from './tar-header.ts';

function folder(t: TestContext, files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'espalier-tar-'));
  t.after(() => rmSync(path, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

const FILES = {
  'a.txt': 'one',
  'b/empty': '',
  'b/whole-block': 'x'.repeat(512),
  'b/more': 'y'.repeat(1300),
  'Zähler ö.csv': 'a;b\n',
  [`deep/${'long'.repeat(30)}/${'name'.repeat(30)}.bin`]: 'z'.repeat(700),
};

async function archiveOf(path: string): Promise<TarArchive> {
  return new TarArchive(path, await scanFolder(path));
}

function contents(path: string): Record<string, string> {
  const names = readdirSync(path, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  const found = files.map((entry) => {
    const file = join(entry.parentPath, entry.name);
    return [file.slice(path.length + 1), readFileSync(file, 'utf8')] as const;
  });
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

test('tar unpacks an archive to the same files, names beyond ASCII and 100 bytes included', async (t) => {
  const source = folder(t, FILES);
  mkdirSync(join(source, 'nothing-in-it'));
  const archive = await archiveOf(source);
  const target = folder(t, {});
  execFileSync('tar', ['-x', '-C', target], { input: await archive.read(0, archive.size) });
  assert.deepEqual(contents(target), contents(source));
  assert.ok(readdirSync(target).includes('nothing-in-it'));
});

test('any part is that part of the whole', async (t) => {
  const archive = await archiveOf(folder(t, FILES));
  const whole = await archive.read(0, archive.size);
  for (const step of [1, 7, 511, 512, 1000, archive.size]) {
    for (let start = 0; start < archive.size; start += step * 13 + 1) {
      const end = Math.min(start + step, archive.size);
      const part = await archive.read(start, end);
      assert.ok(part.equals(whole.subarray(start, end)), `${start} to ${end}`);
    }
  }
});

test('equal files make equal archives, whenever and in which order they were written', async (t) => {
  const first = folder(t, FILES);
  const second = folder(t, Object.fromEntries(Object.entries(FILES).reverse()));
  utimesSync(join(second, 'a.txt'), 1000, 1000);
  const [a, b] = [await archiveOf(first), await archiveOf(second)];
  assert.ok((await a.read(0, a.size)).equals(await b.read(0, b.size)));
});

test('a file that changes after the scan is refused, not mixed', async (t) => {
  const path = folder(t, FILES);
  const archive = await archiveOf(path);
  writeFileSync(join(path, 'b/more'), 'n'.repeat(1300));
  utimesSync(join(path, 'b/more'), 2000, 2000);
  await assert.rejects(archive.read(0, archive.size), /b\/more was changed while it was read/);
  writeFileSync(join(path, 'b/more'), 'short');
  await assert.rejects(archive.read(0, archive.size), /b\/more was changed while it was read/);
});

test('links, other things, names that are not UTF-8 and empty folders are refused', async (t) => {
  const linked = folder(t, FILES);
  symlinkSync('/etc/passwd', join(linked, 'b/link'));
  await assert.rejects(scanFolder(linked), /b\/link is a symbolic link/);
  const piped = folder(t, FILES);
  const server = createServer().listen(join(piped, 'socket'));
  t.after(() => server.close());
  await once(server, 'listening');
  await assert.rejects(scanFolder(piped), /socket is neither a file nor a folder/);
  const named = folder(t, FILES);
  writeFileSync(Buffer.concat([Buffer.from(`${named}/`), Buffer.from([0x66, 0xff])]), '');
  await assert.rejects(scanFolder(named), /is not UTF-8/);
  for (const name of ['with\nline end', 'back\\slash']) {
    await assert.rejects(scanFolder(folder(t, { [name]: '' })), /cannot be unpacked everywhere/);
  }
  await assert.rejects(scanFolder(folder(t, {})), /there is no file in/);
  await assert.rejects(scanFolder(join(linked, 'a.txt')), /is no folder/);
  await assert.rejects(scanFolder(join(linked, 'missing')), /cannot look at/);
});

test('a size beyond eleven octal digits stands in a pax header', () => {
  const header = tarHeader('big.bin', 8 ** 11);
  assert.equal(header.length, 3 * 512);
  assert.match(header.toString('latin1', 512, 1024), /^19 size=8589934592\n/);
  assert.equal(tarHeader('big.bin', 8 ** 11 - 1).length, 512);
  assert.equal(paddingAfter(512), 0);
  assert.equal(paddingAfter(513), 511);
});

test('a pax record counts its own length, also where that has one digit more', () => {
  for (let length = 101; length < 1100; length++) {
    const header = tarHeader('n'.repeat(length), 0).toString('latin1');
    const record = /(\d+) path=n+\n/.exec(header);
    assert.equal(Number(record?.[1]), record?.[0].length);
  }
});
