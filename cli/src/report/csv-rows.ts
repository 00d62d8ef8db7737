/** A file that a trainer wrote is not as the contract says; the message tells where. */
export class MalformedTable extends Error {
  override readonly name = 'MalformedTable';
}

/**
 * The rows below the first line, which must be `header`; each with as many cells. Nothing is quoted.
 *
 * @throws {MalformedTable}
 */
export function csvRows(text: string, header: string): readonly (readonly string[])[] {
  const [first = '', ...lines] = text.replace(/^\ufeff/, '').split('\n');
  if (first.trim() !== header) throw new MalformedTable(`its first line is not ${header}`);
  const width = header.split(',').length;
  return lines.flatMap((line, n) => {
    if (line.trim() === '') return [];
    const cells = line.split(',').map((cell) => cell.trim());
    if (cells.length !== width) throw new MalformedTable(`line ${n + 2} is not ${header}`);
    return [cells];
  });
}

/** In the order in which people count: 2 before 10. */
export function inOrder(labels: Iterable<string>): readonly string[] {
  return [...new Set(labels)].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}
