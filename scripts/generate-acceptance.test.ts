import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptanceTable, collectRows, droppedRows } from './generate-acceptance.ts';

// Joined, so that the generator does not find these titles in this file.
const file = (...lines: string[]): Map<string, string> =>
  new Map([['a.test.ts', lines.join('\n')]]);
const Q = "'";

test('a title with several rows gives a line for each, sorted by letter and number', () => {
  const rows = collectRows(
    file(
      `test(${Q}K7 G10 a NaN is never the best${Q}, () => {});`,
      `  ${Q}G2 counts once only${Q}: {},`,
    ),
  );
  assert.deepEqual(
    rows.map(({ row, title }) => `${title} (${row})`),
    ['counts once only (G2)', 'a NaN is never the best (G10)', 'a NaN is never the best (K7)'],
  );
});

const ignored: Record<string, string> = {
  'a title without a row': `${Q}counts once and only once${Q}`,
  'a row in the middle of a title': `${Q}counts once (see G2) only${Q}`,
  'a word that only begins like a row': `${Q}G2X counts once only${Q}`,
  'a letter that is no row': `${Q}X2 counts once only${Q}`,
  'rows that no sentence follows': `${Q}F1 F2${Q}`,
  'a literal that never ends': `${Q}G2 counts once only`,
};
for (const [name, text] of Object.entries(ignored)) {
  test(`not a row: ${name}`, () => assert.deepEqual(collectRows(file(text)), []));
}

test('quotes and pipes in a title survive the table', () => {
  const rows = collectRows(file(`${Q}U3 the user${'\\'}${Q}s a|b is kept${Q}`));
  assert.equal(rows[0]?.title, "the user's a|b is kept");
  assert.match(acceptanceTable(rows), /^\| U3 \| the user's a\\\|b is kept \| `a.test.ts` \|$/m);
});

test('a row is dropped when its last test goes, not when a title changes', () => {
  const row = (name: string, title: string) => ({ row: name, title, file: 'a.test.ts' });
  const before = acceptanceTable([row('G1', 'one'), row('G1', 'two'), row('K7', 'three')]);
  assert.deepEqual(droppedRows(before, acceptanceTable([row('G1', 'renamed')])), ['K7']);
  assert.deepEqual(droppedRows(before, before), []);
  assert.deepEqual(droppedRows('', before), []);
});
