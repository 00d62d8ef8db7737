/** A row of the acceptance table: a guarantee, fault or case, and a test that proves it. */
export interface AcceptanceRow {
  readonly row: string;
  readonly title: string;
  readonly file: string;
}

/** How many rows each letter has, in the order of the table. */
const ROWS = { G: 15, F: 28, K: 16, U: 25, R: 49, D: 4 } as const;
const LETTERS = Object.keys(ROWS).join('');
/** One row, or a range of one letter. */
const WORD = new RegExp(`^([${LETTERS}])([1-9][0-9]?)(?:-\\1([1-9][0-9]?))?:?$`);

/** What stands in place of a test, where something else is known of a row without one. */
const NOT_YET: Readonly<Record<string, string>> = {
  U4: '`make bench-cli` measures it, no test fails by time: see docs/benchmarks.md',
  U6: '`make bench-search` measures it, no test fails by time: see docs/benchmarks.md',
  U7: '`make bench-controller` measures it, no test fails by memory: see docs/benchmarks.md',
};

/** A string literal that begins with a row: the title of a test, or of a case of a table. */
const TITLE = new RegExp(
  `(['"\`])((?:[${LETTERS}][1-9][0-9]?(?:-[${LETTERS}][1-9][0-9]?)?:? )+(?:\\\\.|(?!\\1)[^\\\\\\n])*)\\1`,
  'g',
);

/** The rows that the titles in these test files (path -> text) begin with, sorted. */
export function collectRows(files: ReadonlyMap<string, string>): AcceptanceRow[] {
  const rows: AcceptanceRow[] = [];
  for (const [file, text] of files) {
    for (const [, , literal = ''] of text.matchAll(TITLE)) {
      const words = literal.replaceAll(/\\(.)/g, '$1').split(' ');
      const end = words.findIndex((word) => !WORD.test(word));
      const title = words.slice(end).join(' ');
      // A title is a sentence: `F1 F2` alone is somebody's test data.
      if (end === -1 || title.length < 8) continue;
      for (const row of words.slice(0, end).flatMap(rowsIn)) rows.push({ row, title, file });
    }
  }
  return rows.sort(compareRows);
}

function rowsIn(word: string): string[] {
  const [, letter = '', first = '', last = first] = WORD.exec(word) ?? [];
  const count = Number(last) - Number(first) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => `${letter}${Number(first) + i}`);
}

/** The rows that no test proves. */
export function missingRows(rows: readonly AcceptanceRow[]): string[] {
  const proven = new Set(rows.map(({ row }) => row));
  return Object.entries(ROWS).flatMap(([letter, count]) =>
    rowsIn(`${letter}1-${letter}${count}`).filter((row) => !proven.has(row)),
  );
}

function compareRows(a: AcceptanceRow, b: AcceptanceRow): number {
  return compareNames(a.row, b.row) || compareText(a.file, b.file) || compareText(a.title, b.title);
}

function compareNames(a: string, b: string): number {
  return (
    LETTERS.indexOf(a.charAt(0)) - LETTERS.indexOf(b.charAt(0)) ||
    Number(a.slice(1)) - Number(b.slice(1))
  );
}

/** By code unit: the order must not depend on the language of the machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The Markdown of docs/acceptance.md. */
export function acceptanceTable(rows: readonly AcceptanceRow[]): string {
  const missing = missingRows(rows).map((row) => ({ row, title: '', file: '' }));
  const lines = [...rows, ...missing]
    .sort((a, b) => compareNames(a.row, b.row))
    .map(({ row, title, file }) =>
      file === ''
        ? `| ${row} | **not yet** | ${NOT_YET[row] ?? ''} |`
        : `| ${row} | ${title.replaceAll('|', '\\|')} | \`${file}\` |`,
    );
  return [
    '# Acceptance',
    '',
    'Which test proves which guarantee (G), fault (F), defect of Katib (K), complaint of users (U),',
    "rule of the trainer (R) or demonstration (D). Generated from the tests' titles by `make generate`, which",
    'refuses to drop a row; `not yet`: no test carries it.',
    '',
    '| Row | Test | File |',
    '|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}

/** The rows of the table `before` of which `after` has none left. */
export function droppedRows(before: string, after: string): string[] {
  const left = new Set(rowsOf(after));
  return [...new Set(rowsOf(before))].filter((row) => !left.has(row));
}

function rowsOf(table: string): string[] {
  return [...table.matchAll(/^\| ([A-Z][0-9]+) \| (?!\*\*not yet\*\*)/gm)].map(
    ([, row = '']) => row,
  );
}
