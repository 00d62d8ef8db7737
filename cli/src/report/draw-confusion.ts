import type { Figure, Mark } from '../plot/figure.ts';
import { choiceScale } from '../plot/scale.ts';
import type { Confusion, ConfusionCell } from './confusion.ts';
import { shortName } from './draw-class-map.ts';

/** A matrix of more cannot be read; its pairs are told in the table all the same. */
export const MOST_CLASSES = 40;
/** With more there is no room for numbers in the cells. */
const MOST_NUMBERED = 20;

/** A row for each label, a column for each prediction; the darker, the larger a share of its row. */
export function drawConfusion(confusion: Confusion): Figure {
  const { classes, cells, images, right } = confusion;
  const place = new Map(classes.map((name, n) => [name, n]));
  // The first label on top: places count from below.
  const rowOf = (name: string) => classes.length - 1 - (place.get(name) ?? 0);
  const totals = totalsOf(cells);
  const marks = cells.flatMap(({ label, predicted, count }): Mark[] => {
    const [column, row] = [place.get(predicted) ?? 0, rowOf(label)];
    const share = count / (totals.get(label) ?? count);
    const hint = `${label} taken for ${predicted}: ${count} (${percent(share)})`;
    const from = [column - 0.48, row - 0.48] as const;
    const to = [column + 0.48, row + 0.48] as const;
    const cell: Mark = { kind: 'bar', from, to, colour: share, hint };
    if (classes.length > MOST_NUMBERED) return [cell];
    const at = [column, row] as const;
    const text = String(count);
    return [cell, { kind: 'text', at, text, colour: 'quiet', isCentred: true }];
  });
  const names = classes.map(shortName);
  return {
    title: 'Confusion matrix',
    summary: `${right} of ${images} validation images are taken for what they are (${percent(right / images)}).`,
    columns: 1,
    panelHeight: Math.max(160, Math.min(30 * classes.length, 680)),
    panels: [
      {
        x: { label: 'taken for', scale: choiceScale(names) },
        y: { label: 'label', scale: choiceScale(names.toReversed()) },
        marks,
        labelWidth: 60 + 7 * Math.max(2, ...names.map((name) => name.length)),
      },
    ],
  };
}

export function totalsOf(cells: readonly ConfusionCell[]): ReadonlyMap<string, number> {
  const totals = new Map<string, number>();
  for (const { label, count } of cells) totals.set(label, (totals.get(label) ?? 0) + count);
  return totals;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
