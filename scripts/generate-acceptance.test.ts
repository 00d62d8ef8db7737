import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptanceTable, collectRows, droppedRows, missingRows } from './generate-acceptance.ts';

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

test('a range of rows gives a line for each', () => {
  const rows = collectRows(file(`test(${Q}R22-R24 K5: every rule is followed${Q});`));
  assert.deepEqual(
    rows.map(({ row, title }) => `${row} ${title}`),
    ['K5', 'R22', 'R23', 'R24'].map((row) => `${row} every rule is followed`),
  );
  assert.deepEqual(collectRows(file(`${Q}R22-K24 is no range of rows${Q}`)), []);
});

test('a row without a test stands in its place as not yet, and does not count as proven', () => {
  const proven = collectRows(file(`${Q}D1-D3 G1-G15 F1-F28 K1-K16 U1-U25 R1-R49 all of it${Q}`));
  assert.deepEqual(missingRows(proven), ['D4']);
  const table = acceptanceTable(proven);
  assert.ok(table.endsWith('| D4 | **not yet** |  |\n'), table.slice(-99));
  assert.deepEqual(droppedRows(table, acceptanceTable([])).length, 136);
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
