import type { Point } from '@espalier/api';

/** A value that only the points of an epoch have. */
const EPOCH_MARK = 'train_loss';

export function isEpochPoint(point: Point): boolean {
  return EPOCH_MARK in point.values;
}

/** `metrics.csv`: a row per epoch. */
export function metricsTable(points: readonly Point[]): string {
  return table(points.filter(isEpochPoint));
}

/** `steps.csv`: a row per optimiser step. */
export function stepsTable(points: readonly Point[]): string {
  return table(points.filter((point) => !isEpochPoint(point)));
}

function table(points: readonly Point[]): string {
  const names = [...new Set(points.flatMap((point) => Object.keys(point.values)))];
  const rows = points.map((point) =>
    [point.epoch, point.step, ...names.map((name) => point.values[name] ?? '')].join(','),
  );
  return `${[['epoch', 'step', ...names].join(','), ...rows].join('\n')}\n`;
}
