import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { tarEntries } from './tar-entries.ts';
import { TarError } from './tar-header.ts';
import { paxRecord, type TarPart, tarFile } from './testing/tar-file.ts';

/** The bytes in pieces of that size, as a network brings them. */
async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(archive: Buffer, size = 700) {
  const found: { kind: string; path: string; body: string }[] = [];
  for await (const { kind, path, content } of tarEntries(pieces(archive, size))) {
    const parts: Buffer[] = [];
    for await (const piece of content) parts.push(piece);
    found.push({ kind, path, body: Buffer.concat(parts).toString() });
  }
  return found;
}

const file = (name: string, text = 'x', more: Partial<TarPart> = {}): TarPart => ({
  name,
  body: Buffer.from(text),
  ...more,
});
const long = `${'folder/'.repeat(20)}a-long-name`;

const accepted: Record<
  string,
  { parts: TarPart[]; want: [kind: string, path: string, body: string][] }
> = {
  'files and folders': {
    parts: [file('train/', '', { type: '5' }), file('train/a.png', 'pixels'), file('empty', '')],
    want: [
      ['folder', 'train', ''],
      ['file', 'train/a.png', 'pixels'],
      ['file', 'empty', ''],
    ],
  },
  'what tar makes of a folder called .': {
    parts: [file('./', '', { type: '5' }), file('./a', '1')],
    want: [
      ['folder', '', ''],
      ['file', 'a', '1'],
    ],
  },
  'a folder of the first tar, told by its slash': {
    parts: [file('old/', '', { type: '\0' }), file('old/a', '1', { type: '\0' })],
    want: [
      ['folder', 'old', ''],
      ['file', 'old/a', '1'],
    ],
  },
  'a long name in a pax header': {
    parts: [file('PaxHeader', paxRecord('path', long), { type: 'x' }), file('short', '1')],
    want: [['file', long, '1']],
  },
  'a long name as GNU writes it': {
    parts: [
      file('././@LongLink', `${long}\0`, { type: 'L' }),
      file('short', '1'),
      file('next', '2'),
    ],
    want: [
      ['file', long, '1'],
      ['file', 'next', '2'],
    ],
  },
  'pax records that mean nothing to us': {
    parts: [
      file('g', paxRecord('comment', 'x'), { type: 'g' }),
      file('p', paxRecord('mtime', '1.5'), { type: 'x' }),
      file('a'),
    ],
    want: [['file', 'a', 'x']],
  },
};
for (const [what, { parts, want }] of Object.entries(accepted)) {
  test(`reads ${what}`, async () => {
    for (const size of [1, 511, 512, 100_000]) {
      const found = await read(tarFile(parts), size);
      assert.deepEqual(
        found.map(({ kind, path, body }) => [kind, path, body]),
        want,
      );
    }
  });
}

const refused: Record<string, { parts: TarPart[]; say: RegExp }> = {
  'a symbolic link': { parts: [file('a', '', { type: '2' })], say: /a symbolic link: "a"/ },
  'a hard link': { parts: [file('a', '', { type: '1' })], say: /a hard link/ },
  'a character device': { parts: [file('a', '', { type: '3' })], say: /a device/ },
  'a block device': { parts: [file('a', '', { type: '4' })], say: /a device/ },
  'a pipe': { parts: [file('a', '', { type: '6' })], say: /a pipe/ },
  'a sparse file': { parts: [file('a', '', { type: 'S' })], say: /a sparse file/ },
  'a sparse file in pax': {
    parts: [file('p', paxRecord('GNU.sparse.major', '1'), { type: 'x' }), file('a')],
    say: /sparse/,
  },
  'a long link': { parts: [file('a', 'b', { type: 'K' })], say: /a link with a long name/ },
  'an unknown type': { parts: [file('a', '', { type: 'Z' })], say: /something unknown/ },
  'an absolute path': { parts: [file('/etc/passwd')], say: /unsafe path: "\/etc\/passwd"/ },
  'a path that escapes': { parts: [file('a/../../b')], say: /unsafe path/ },
  'a path that goes up and comes back': { parts: [file('a/../b')], say: /unsafe path/ },
  'a path that escapes by pax': {
    parts: [file('p', paxRecord('path', '../x'), { type: 'x' }), file('a')],
    say: /unsafe path: "..\/x"/,
  },
  'a path that escapes by GNU': {
    parts: [file('L', '../x', { type: 'L' }), file('a')],
    say: /unsafe path/,
  },
  'an empty part': { parts: [file('a//b')], say: /unsafe path/ },
  'a name for another system': { parts: [file('a\\..\\b')], say: /unsafe path/ },
  'a name that fools terminals': { parts: [file('a\u001b[2J')], say: /unsafe path/ },
  'a name that is not UTF-8': {
    parts: [file('a', 'x', { raw: Buffer.from([0xff, 0xfe]) })],
    say: /not UTF-8/,
  },
  'a file without a name': { parts: [file('')], say: /unsafe path/ },
  'a file called .': { parts: [file('.')], say: /unsafe path/ },
  'a very deep path': {
    parts: [file('L', `${'a/'.repeat(100)}b`, { type: 'L' }), file('a')],
    say: /unsafe path/,
  },
  'a folder with content': {
    parts: [file('a/', 'x', { type: '5' })],
    say: /a folder with content/,
  },
  'a header that would fill the memory': {
    parts: [file('p', 'x'.repeat(100_000), { type: 'x' })],
    say: /a header is too long/,
  },
  'a damaged pax header': {
    parts: [file('p', '99 path=a\n', { type: 'x' }), file('a')],
    say: /pax header is damaged/,
  },
  'a size that is no number': {
    parts: [file('p', paxRecord('size', '1e9'), { type: 'x' }), file('a')],
    say: /not a size/,
  },
  'a size that is larger than the archive': {
    parts: [file('p', paxRecord('size', '999999'), { type: 'x' }), file('a')],
    say: /breaks off/,
  },
};
for (const [what, { parts, say }] of Object.entries(refused)) {
  test(`refuses ${what}`, async () => {
    await assert.rejects(read(tarFile(parts)), (error: Error) => {
      assert.ok(error instanceof TarError, error.stack);
      assert.match(error.message, say);
      return true;
    });
  });
}

test('refuses what is no archive, or not all of one', async () => {
  const archive = tarFile([file('a', 'x'.repeat(2_000))]);
  await assert.rejects(read(Buffer.from('hello'.repeat(200))), /wrong checksum/);
  await assert.rejects(read(gzipSync(archive.subarray(0, 1_500), { level: 0 })), /gzip/);
  await assert.rejects(read(Buffer.alloc(0)), /breaks off/);
  for (const end of [100, 600, 2_500, archive.length - 1_000]) {
    await assert.rejects(read(archive.subarray(0, end)), /breaks off/);
  }
  const goesOn = Buffer.concat([archive.subarray(0, -512), archive]);
  await assert.rejects(read(goesOn), /goes on after its end/);
});

test('whatever an archive is, it is read or refused, and no path leaves its folder', async () => {
  const part = fc.record({
    name: fc.oneof(fc.string({ maxLength: 90 }), fc.constantFrom('a', '../a', '/a', 'a/b', './')),
    body: fc.uint8Array({ maxLength: 1_500 }).map((bytes) => Buffer.from(bytes)),
    type: fc.constantFrom('0', '5', 'x', 'L', 'g', '1', '2', '7'),
  });
  const flip = fc.record({ at: fc.nat(5_000), to: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 5 }),
      fc.array(flip, { maxLength: 3 }),
      fc.integer({ min: 1, max: 2_000 }),
      async (parts, flips, size) => {
        const archive = tarFile(parts);
        for (const { at, to } of flips) archive[at % archive.length] = to;
        try {
          for (const { path } of await read(archive, size)) {
            assert.ok(!path.startsWith('/') && !path.split('/').includes('..'), path);
          }
        } catch (error) {
          assert.ok(error instanceof TarError, String(error));
        }
      },
    ),
    { numRuns: 300 },
  );
});
