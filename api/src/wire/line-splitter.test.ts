import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from './line-splitter.ts';
import { MAX_REPORT_LINE_CHARACTERS } from './parse-report-line.ts';

test('lines come whole and once, however the bytes are cut and whoever reuses their memory', () => {
  const line = fc
    .string({ unit: 'grapheme', maxLength: 50 })
    .map((text) => text.replaceAll('\n', ''));
  fc.assert(
    fc.property(fc.array(line), line, fc.array(fc.nat(60)), (lines, rest, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join('') + rest);
      const splitter = new LineSplitter();
      const found = [];
      const memory = Buffer.alloc(bytes.length);
      for (let at = 0, n = 0; at < bytes.length; n++) {
        const size = bytes.copy(memory, 0, at, at + 1 + (cuts[n % cuts.length] ?? 60));
        found.push(...splitter.take(memory.subarray(0, size)));
        at += size;
      }
      assert.deepEqual(
        found.map(({ text }) => text),
        lines,
      );
      for (const { offset, text } of found) {
        assert.equal(bytes.toString('utf8', offset, offset + Buffer.byteLength(text)), text);
      }
      assert.equal(splitter.hasPartialLine, rest !== '');
      assert.equal(splitter.position, bytes.length);
    }),
  );
});

test('a line of the greatest length is read, and a longer one is left out and counted', () => {
  const splitter = new LineSplitter();
  const longest = 'x'.repeat(MAX_REPORT_LINE_CHARACTERS);
  assert.deepEqual(splitter.take(Buffer.from(longest)), []);
  assert.deepEqual(
    splitter.take(Buffer.from('\n')).map(({ text }) => text),
    [longest],
  );
  assert.deepEqual(splitter.take(Buffer.from(`${longest}y`)), []);
  assert.deepEqual(splitter.take(Buffer.from('z\nnext\n')), [
    { offset: 2 * MAX_REPORT_LINE_CHARACTERS + 4, text: 'next' },
  ]);
  assert.equal(splitter.overlong, 1);
});
