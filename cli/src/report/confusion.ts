import { csvRows, inOrder, MalformedTable } from './csv-rows.ts';

export interface ConfusionCell {
  readonly label: string;
  readonly predicted: string;
  readonly count: number;
}

/** How often images of a label were taken for each class. */
export interface Confusion {
  /** Labels and predictions together, in order. */
  readonly classes: readonly string[];
  /** No pair twice, no zeros. */
  readonly cells: readonly ConfusionCell[];
  readonly images: number;
  readonly right: number;
}

const MOST_IMAGES = 1e12;

/** Reads `extra/confusion.csv`. @throws {MalformedTable} */
export function parseConfusion(text: string): Confusion {
  const cells = new Map<string, ConfusionCell>();
  for (const [label = '', predicted = '', digits = ''] of csvRows(text, 'label,predicted,count')) {
    const count = /^\d{1,13}$/.test(digits) ? Number(digits) : Number.NaN;
    if (!(count <= MOST_IMAGES)) throw new MalformedTable(`"${digits}" is no count of images`);
    if (count === 0) continue;
    const key = JSON.stringify([label, predicted]);
    cells.set(key, { label, predicted, count: count + (cells.get(key)?.count ?? 0) });
  }
  const all = [...cells.values()];
  const sum = (some: readonly ConfusionCell[]) =>
    some.reduce((total, { count }) => total + count, 0);
  return {
    classes: inOrder(all.flatMap(({ label, predicted }) => [label, predicted])),
    cells: all,
    images: sum(all),
    right: sum(all.filter(({ label, predicted }) => label === predicted)),
  };
}
