import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { COLOUR_PAINT } from './style.ts';
import { type Column, renderFields, renderTable } from './table.ts';
import { displayWidth } from './width.ts';

const COLUMNS: readonly Column[] = [
  { header: 'NAME' },
  { header: 'VALUE', align: 'right' },
  { header: 'NOTE', dropRank: 1 },
];

test('columns are as wide as their widest cell, and no line ends in spaces', () => {
  const { lines } = renderTable(COLUMNS, [
    ['digits', '0.95', 'good'],
    ['学習', '1', ''],
  ]);
  assert.deepEqual(lines, ['NAME    VALUE  NOTE', 'digits   0.95  good', '学習        1']);
});

test('a narrow terminal loses ranked columns first, then the ends of wide cells', () => {
  const rows = [['a-very-long-experiment-name', '0.95', 'good']];
  const dropped = renderTable(COLUMNS, rows, { width: 36 });
  assert.deepEqual(dropped.lines, [
    'NAME                         VALUE',
    'a-very-long-experiment-name   0.95',
  ]);
  assert.deepEqual(dropped.hidden, ['NOTE']);
  const cut = renderTable(COLUMNS, rows, { width: 20 });
  assert.deepEqual(cut.lines, ['NAME           VALUE', 'a-very-long-…   0.95']);
});

test('hostile cells cannot steer the terminal', () => {
  const { lines } = renderTable([{ header: 'NAME' }], [['a\x1b[31m\nb']]);
  assert.deepEqual(lines, ['NAME', 'a\\x1b[31m\\nb']);
});

test('fields stand in one column', () => {
  assert.deepEqual(
    renderFields([
      ['Name', 'digits'],
      ['Best trial', { text: 'digits-00003', style: 'good' }],
    ]),
    ['Name:       digits', 'Best trial: digits-00003'],
  );
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const COLOURS = /\x1b\[[0-9;]*m/g;

test('property: no line is wider than the terminal, whatever the cells hold', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
  const column = fc.record({
    header: text,
    align: fc.constantFrom('left' as const, 'right' as const),
    dropRank: fc.option(fc.nat(5), { nil: undefined }),
  });
  const table = fc.array(column, { minLength: 1, maxLength: 8 }).chain((columns) =>
    fc.record({
      columns: fc.constant(
        columns.map(({ dropRank, ...rest }) =>
          dropRank === undefined ? rest : { ...rest, dropRank },
        ),
      ),
      rows: fc.array(fc.array(text, { minLength: columns.length, maxLength: columns.length }), {
        maxLength: 5,
      }),
      width: fc.integer({ min: 1, max: 120 }),
    }),
  );
  fc.assert(
    fc.property(table, ({ columns, rows, width }) => {
      const { lines } = renderTable(columns, rows, { width, paint: COLOUR_PAINT });
      assert.equal(lines.length, rows.length + 1);
      for (const line of lines) {
        const bare = line.replace(COLOURS, '');
        assert.ok(displayWidth(bare) <= width, `${displayWidth(bare)} > ${width}`);
        assert.doesNotMatch(bare, /\p{Cc}/u);
      }
    }),
    { numRuns: 300 },
  );
});
