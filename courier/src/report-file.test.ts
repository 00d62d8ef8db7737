import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { ReportFile } from './report-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-report-file-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = (): string => join(folder, `${++files}.jsonl`);

async function readAll(file: ReportFile) {
  const lines = [];
  for (let some = await file.read(); some !== undefined; some = await file.read()) {
    lines.push(...some);
  }
  return lines;
}

test('every line comes once, however the file grows, and again from its offset', async () => {
  const line = fc
    .string({ unit: 'grapheme', maxLength: 200 })
    .map((text) => text.replaceAll('\n', ''));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1 }),
      fc.array(fc.nat(400)),
      async (lines, cuts) => {
        const path = newPath();
        const file = new ReportFile(path);
        assert.equal(await file.read(), undefined, 'there is no file yet');
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const found = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          appendFileSync(path, bytes.subarray(at, at + cut));
          at += cut;
          found.push(...(await readAll(file)));
        }
        assert.deepEqual(
          found.map(({ text }) => text),
          lines,
        );
        assert.equal(file.hasPartialLine, false);
        for (const [index, { offset }] of found.entries()) {
          if (index % 7 !== 0) continue;
          file.seek(offset);
          assert.deepEqual(
            (await readAll(file)).map(({ text }) => text),
            lines.slice(index),
          );
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('a line that is too long is left out, and the next one is not', async () => {
  const path = newPath();
  writeFileSync(path, `one\n${'x'.repeat(1_200_000)}\ntwo\n${'y'.repeat(1_200_000)}`);
  const file = new ReportFile(path);
  assert.deepEqual(
    (await readAll(file)).map(({ text }) => text),
    ['one', 'two'],
  );
  assert.ok(file.hasPartialLine);
  assert.equal(file.overlong, 1);
  appendFileSync(path, '\nthree\n');
  assert.deepEqual(await readAll(file), [{ offset: 2_400_010, text: 'three' }]);
});

test('a file that was cut off is ahead by less than nothing, and a link is no file', async () => {
  const path = newPath();
  writeFileSync(path, 'one\ntwo\n');
  const file = new ReportFile(path);
  await readAll(file);
  writeFileSync(path, 'x\n');
  assert.ok(file.ahead() < 0);
  const link = newPath();
  symlinkSync(path, link);
  assert.equal(await new ReportFile(link).read(), undefined);
});
