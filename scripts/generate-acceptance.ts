/** A row of the acceptance table: a guarantee, fault or case, and a test that proves it. */
export interface AcceptanceRow {
  readonly row: string;
  readonly title: string;
  readonly file: string;
}

/** Guarantees, faults, Katib's defects, users' complaints, trainer requirements, defects of data. */
const LETTERS = 'GFKURD';
const ROW = new RegExp(`^[${LETTERS}][1-9][0-9]?$`);

/** A string literal that begins with a row: the title of a test, or of a case of a table. */
const TITLE = new RegExp(
  `(['"\`])((?:[${LETTERS}][1-9][0-9]?:? )+(?:\\\\.|(?!\\1)[^\\\\\\n])*)\\1`,
  'g',
);

/** The rows that the titles in these test files (path -> text) begin with, sorted. */
export function collectRows(files: ReadonlyMap<string, string>): AcceptanceRow[] {
  const rows: AcceptanceRow[] = [];
  for (const [file, text] of files) {
    for (const [, , literal = ''] of text.matchAll(TITLE)) {
      const words = literal.replaceAll(/\\(.)/g, '$1').split(' ');
      const end = words.findIndex((word) => !ROW.test(word.replace(/:$/, '')));
      const title = words.slice(end).join(' ');
      // A title is a sentence: `F1 F2` alone is somebody's test data.
      if (end === -1 || title.length < 8) continue;
      for (const word of words.slice(0, end))
        rows.push({ row: word.replace(/:$/, ''), title, file });
    }
  }
  return rows.sort(compareRows);
}

function compareRows(a: AcceptanceRow, b: AcceptanceRow): number {
  return (
    LETTERS.indexOf(a.row.charAt(0)) - LETTERS.indexOf(b.row.charAt(0)) ||
    Number(a.row.slice(1)) - Number(b.row.slice(1)) ||
    compareText(a.file, b.file) ||
    compareText(a.title, b.title)
  );
}

/** By code unit: the order must not depend on the language of the machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The Markdown of docs/acceptance.md. */
export function acceptanceTable(rows: readonly AcceptanceRow[]): string {
  const lines = rows.map(
    ({ row, title, file }) => `| ${row} | ${title.replaceAll('|', '\\|')} | \`${file}\` |`,
  );
  return [
    '# Acceptance',
    '',
    'Which test proves which guarantee (G), fault (F), defect of Katib (K), complaint of users (U),',
    "rule of the trainer (R) or decision (D). Generated from the tests' titles by `make generate`, which",
    'refuses to drop a row.',
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
  return [...table.matchAll(/^\| ([A-Z][0-9]+) \|/gm)].map(([, row = '']) => row);
}
