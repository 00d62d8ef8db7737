import type { BestTrial } from '@espalier/api';
import type { Standing } from '@espalier/search';
import { formatMetric } from '../render/number.ts';

/** What is said of configurations that were measured more than once, on the terminal and on pages. */

/** The 95 % interval of the mean; undefined of a single value. */
export function intervalText({
  interval,
}: {
  readonly interval?: BestTrial['interval'];
}): string | undefined {
  return interval && `${formatMetric(interval.low)} .. ${formatMetric(interval.high)}`;
}

/** How a best value was measured; undefined where configurations run once. */
export function measuredText({
  replicates,
  interval,
  confirmed,
}: Pick<BestTrial, 'replicates' | 'interval' | 'confirmed'>): string | undefined {
  if (replicates === undefined) return undefined;
  const of = `mean of ${replicates}${confirmed === true ? ' held back' : ''}`;
  const range = intervalText({ interval });
  return range === undefined ? of : `${of}, 95 % in ${range}`;
}

/** Against the first one; empty for the first itself. */
export function verdictText({ isApart }: Standing, place: number): string {
  if (place === 0) return '';
  return isApart ? 'worse' : 'cannot be told apart';
}

/** How far all of them can be told from the first, in one sentence without a full stop. */
export function standingsSummary(all: readonly Standing[]): string {
  if (all.length === 0) return 'no configuration has a value yet';
  const measured = all.filter(({ replicates }) => replicates > 1).length;
  if (measured === 0) {
    return 'one value each: nothing tells how much of it is chance; spec.replicates runs them again';
  }
  const alike = all.filter(({ isApart }) => !isApart).length - 1;
  const single = all.length - measured;
  const apart = `${alike} of ${all.length - 1} cannot be told apart from the first`;
  return single === 0 ? apart : `${apart}; ${single} of them ran only once`;
}
