/** The columns of a table of numbers, such as steps.csv; an empty cell is NaN. */
export function readColumns(text: string): Map<string, number[]> {
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const rows = lines.map((line) => line.split(','));
  return new Map(
    header
      .split(',')
      .map((name, column) => [
        name,
        rows.map((row) => (row[column] ? Number(row[column]) : Number.NaN)),
      ]),
  );
}
