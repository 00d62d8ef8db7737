import type { Experiment } from '@espalier/api';
import type { TrialRow } from './trial-row.ts';

/**
 * Time left of an Experiment, from the mean time of its ended trials and what the running ones say
 * of themselves; `undefined` as long as no trial tells enough.
 */
export function remainingMs(experiment: Experiment, rows: readonly TrialRow[]): number | undefined {
  const { max, parallel } = experiment.spec.trials;
  const planned = max * (experiment.spec.replicates?.values.length ?? 1);
  const ended = rows.filter(({ isEnded }) => isEnded);
  const active = rows.filter(({ phase }) => phase === 'Running' || phase === 'Starting');
  const typical = mean([
    ...ended.flatMap(({ elapsedMs }) => (elapsedMs === undefined ? [] : [elapsedMs])),
    ...active.flatMap(({ elapsedMs, remainingMs: left }) =>
      elapsedMs === undefined || left === undefined ? [] : [elapsedMs + left],
    ),
  ]);
  if (typical === undefined) return undefined;
  const left = active.map((row) => row.remainingMs ?? Math.max(0, typical - (row.elapsedMs ?? 0)));
  const untouched = Math.max(0, planned - ended.length - active.length);
  const work = left.reduce((sum, ms) => sum + ms, untouched * typical);
  return Math.max(work / parallel, ...left, 0);
}

function mean(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
