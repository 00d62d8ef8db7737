/** How well a value was measured. */
export interface Measured {
  /** How many replicates it is the mean of; absent = not known. */
  readonly replicates?: number | undefined;
  /** Whether on replicates that no decision of a race had seen. */
  readonly confirmed?: boolean | undefined;
}

/**
 * Above 0 if the first value was measured better, below 0 if the other was: in a race it comes first then,
 * since the best of many that were measured once is the luckiest. 0 = alike, or not known.
 */
export function compareMeasured(one: Measured, other: Measured): number {
  const confirmed = Number(one.confirmed === true) - Number(other.confirmed === true);
  if (confirmed !== 0 || one.replicates === undefined || other.replicates === undefined) {
    return confirmed;
  }
  return one.replicates - other.replicates;
}
