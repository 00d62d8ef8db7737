import { printable } from './printable.ts';
import { NO_PAINT, type Paint, type Style } from './style.ts';
import { displayWidth, fit, truncate } from './width.ts';

export interface Column {
  readonly header: string;
  readonly align?: 'left' | 'right';
  /** Columns with the lowest rank go first when the terminal is narrow; without one it stays. */
  readonly dropRank?: number;
  /** Where room is short, the header is cut to the width of the values. */
  readonly hasPatientHeader?: boolean;
}

export type Cell = string | { readonly text: string; readonly style: Style };

export interface TableOptions {
  /** Columns of the terminal; without it nothing is cut or left out. */
  readonly width?: number;
  readonly paint?: Paint;
}

export interface RenderedTable {
  readonly lines: readonly string[];
  /** Headers of the columns that found no place. */
  readonly hidden: readonly string[];
}

const GAP = '  ';
const NARROWEST = 4;
const SHORTEST_HEADER = 5;

/**
 * Prints rows below headers as kubectl does. With a width, no line is wider: first patient headers
 * are cut, then columns with a rank are left out, then the widest are cut.
 * Texts may come from anybody: control characters become visible.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): RenderedTable {
  const paint = options.paint ?? NO_PAINT;
  const cells = rows.map((row) => row.map(readCell));
  const headers = columns.map(({ header }) => printable(header));
  const values = headers.map((_, place) =>
    cells.reduce((width, row) => Math.max(width, displayWidth(row[place]?.text ?? '')), 0),
  );
  const natural = headers.map((header, place) =>
    Math.max(displayWidth(header), values[place] ?? 0),
  );
  const tight = columns.map(({ hasPatientHeader }, place) =>
    hasPatientHeader
      ? Math.min(natural[place] ?? 0, Math.max(values[place] ?? 0, SHORTEST_HEADER))
      : (natural[place] ?? 0),
  );
  const available = options.width ?? Number.POSITIVE_INFINITY;
  const { shown, widths } = layOut(
    columns,
    total(natural) <= available ? natural : tight,
    available,
  );
  const line = (textAt: (place: number) => { text: string; style: Style }) =>
    shown.map((place, order) => {
      const { text, style } = textAt(place);
      const align = columns[place]?.align ?? 'left';
      const width = widths[order] ?? 0;
      // The last column is not filled, so that no line ends in spaces.
      const isLast = order === shown.length - 1 && align === 'left';
      return paint(style, isLast ? truncate(text, width) : fit(text, width, align));
    });
  const lines = [
    line((place) => ({ text: headers[place] ?? '', style: 'strong' })),
    ...cells.map((row) => line((place) => row[place] ?? { text: '', style: 'plain' })),
  ].map((parts) => parts.join(GAP).replace(/ +$/, ''));
  const hidden = headers.filter((_, place) => !shown.includes(place));
  return { lines, hidden };
}

function readCell(cell: Cell): { text: string; style: Style } {
  const { text, style } = typeof cell === 'string' ? { text: cell, style: 'plain' as const } : cell;
  return { text: printable(text), style };
}

function layOut(
  columns: readonly Column[],
  natural: readonly number[],
  available: number,
): { shown: readonly number[]; widths: readonly number[] } {
  const all = columns.map((_, place) => place);
  let shown = all;
  const fits = (places: readonly number[]) =>
    total(places.map((place) => natural[place] ?? 0)) <= available;
  const dropOrder = all
    .filter((place) => columns[place]?.dropRank !== undefined)
    .toSorted((a, b) => (columns[a]?.dropRank ?? 0) - (columns[b]?.dropRank ?? 0) || b - a);
  for (const place of dropOrder) {
    if (fits(shown)) break;
    shown = shown.filter((kept) => kept !== place);
  }
  // A wide column that went may have left room for narrower ones that went before it.
  for (const place of dropOrder.toReversed()) {
    const more = all.filter((kept) => kept === place || shown.includes(kept));
    if (fits(more)) shown = more;
  }
  const wanted = () => shown.map((place) => Math.min(natural[place] ?? 0, NARROWEST));
  while (shown.length > 1 && total(wanted()) > available) shown = shown.slice(0, -1);
  return {
    shown,
    widths: squeeze(
      shown.map((place) => natural[place] ?? 0),
      available,
    ),
  };
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, GAP.length * Math.max(0, widths.length - 1));
}

/** Takes from the widest columns until all fit. */
function squeeze(natural: readonly number[], available: number): readonly number[] {
  const widths = [...natural];
  for (let excess = total(widths) - available; excess > 0; ) {
    const widest = Math.max(...widths);
    const next = Math.max(1, ...widths.filter((width) => width < widest));
    const place = widths.indexOf(widest);
    const cut = Math.min(excess, Math.max(1, widest - next));
    if (widest <= 1) break;
    widths[place] = widest - cut;
    excess -= cut;
  }
  return widths;
}

/** Rows of `name: value`, the values in one column. None is cut: a path must be whole to be used. */
export function renderFields(
  fields: readonly (readonly [string, Cell])[],
  paint: Paint = NO_PAINT,
): readonly string[] {
  const width = Math.max(0, ...fields.map(([name]) => displayWidth(printable(name)))) + 2;
  return fields.map(([name, cell]) => {
    const { text, style } = readCell(cell);
    const label = fit(`${printable(name)}:`, width);
    return `${paint('quiet', label)}${paint(style, text)}`.replace(/ +$/, '');
  });
}
