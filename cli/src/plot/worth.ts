import { formatMetric, formatNumber } from '../render/number.ts';
import { mainObjective, mainValue, type PlottedTrial, type Sweep } from './sweep.ts';

/**
 * How good each trial is among all, from 0 (worst) to 1 (best), by rank: one outlier must not make
 * all others look alike. Trials without a value are not in it; equal values have equal worth.
 */
export function worthOf(sweep: Sweep): ReadonlyMap<string, number> {
  const sign = mainObjective(sweep).goal === 'maximize' ? 1 : -1;
  const valued = sweep.trials
    .flatMap((trial) => {
      const value = mainValue(trial);
      return value === undefined ? [] : [{ name: trial.name, value: sign * value }];
    })
    .toSorted((a, b) => a.value - b.value);
  const worth = new Map<string, number>();
  const last = Math.max(valued.length - 1, 1);
  let place = 0;
  for (const [rank, { name, value }] of valued.entries()) {
    if (rank > 0 && value !== valued[rank - 1]?.value) place = rank;
    worth.set(name, valued.length === 1 ? 1 : place / last);
  }
  return worth;
}

/** What a trial says of itself where one points at it. */
export function hintOf(sweep: Sweep, trial: PlottedTrial): string {
  const values = sweep.objectives.flatMap(({ metric }, n) => {
    const value = trial.values[n];
    return value === undefined ? [] : [`${metric} ${formatMetric(value)}`];
  });
  const parameters = sweep.parameters.flatMap(({ name }) => {
    const value = trial.parameters[name];
    if (value === undefined) return [];
    return [`${name}=${typeof value === 'number' ? formatNumber(value) : value}`];
  });
  const misses = trial.isInfeasible ? ['misses a constraint'] : [];
  return [`${trial.name} (${trial.state})`, ...values, ...misses, ...parameters].join('\n');
}
