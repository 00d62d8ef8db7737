import type { Objective } from '@espalier/api';
import type { SortKey } from './sort-keys.ts';
import type { TrialRow } from './trial-row.ts';

type Goal = Objective['goal'];
type Order = (a: TrialRow, b: TrialRow) => number;

const byIndex: Order = (a, b) => a.trial.spec.index - b.trial.spec.index;

/** Best first; trials without a value last, in index order. */
export function byValue(goal: Goal): Order {
  const sign = goal === 'maximize' ? -1 : 1;
  return (a, b) => {
    if (a.value === undefined || b.value === undefined) {
      return Number(a.value === undefined) - Number(b.value === undefined) || byIndex(a, b);
    }
    return sign * (a.value - b.value) || byIndex(a, b);
  };
}

export function orderBy(key: SortKey, goal: Goal): Order {
  switch (key) {
    case 'value':
      return byValue(goal);
    case 'index':
      return byIndex;
    case 'state':
      return (a, b) => a.state.localeCompare(b.state) || byIndex(a, b);
    case 'time':
      return (a, b) => (b.elapsedMs ?? -1) - (a.elapsedMs ?? -1) || byIndex(a, b);
  }
}

/** What a glance should meet first: those that run, then the best of the others. */
export function forLiveTable(rows: readonly TrialRow[], goal: Goal): readonly TrialRow[] {
  const isActive = ({ phase }: TrialRow) => phase === 'Running' || phase === 'Starting';
  const value = byValue(goal);
  return rows.toSorted((a, b) => {
    if (isActive(a) !== isActive(b)) return isActive(a) ? -1 : 1;
    return isActive(a) ? byIndex(a, b) : value(a, b);
  });
}
