import { log } from '../../numeric/log-exp.ts';

/** Population size, weights and rates: functions of the number of dimensions. */
export interface Settings {
  readonly dimensions: number;
  /** Results of one generation. */
  readonly population: number;
  /** How many of them draw the mean. */
  readonly parents: number;
  /** By rank: those of the parents are positive with sum 1, the others negative. */
  readonly weights: Float64Array;
  readonly effective: number;
  readonly rankOneRate: number;
  readonly rankManyRate: number;
  readonly stepRate: number;
  readonly stepDamping: number;
  readonly pathRate: number;
  /** Mean length of a standard normal vector. */
  readonly normalLength: number;
  /** A step longer than this, in standard deviations, is shortened to it. */
  readonly longestStep: number;
}

/** @see Hansen, "The CMA Evolution Strategy: A Tutorial" (arXiv 1604.00772), table 1. */
export function settingsFor(dimensions: number): Settings {
  const d = dimensions;
  const population = 4 + Math.floor(3 * log(d) + 1e-9);
  const parents = Math.floor(population / 2);
  const raw = Float64Array.from(
    { length: population },
    (_, i) => log((population + 1) / 2) - log(i + 1),
  );
  const effective = effectiveSize(raw.subarray(0, parents));
  const negative = effectiveSize(raw.subarray(parents));
  const rankOneRate = 2 / ((d + 1.3) * (d + 1.3) + effective);
  const many = (2 * (effective - 2 + 1 / effective)) / ((d + 2) * (d + 2) + effective);
  const rankManyRate = Math.min(1 - rankOneRate - 1e-8, many);
  const negativeSum = Math.min(
    1 + rankOneRate / rankManyRate,
    1 + (2 * negative) / (effective + 2),
    (1 - rankOneRate - rankManyRate) / (d * rankManyRate),
  );
  const stepRate = (effective + 2) / (d + effective + 5);
  return {
    ...{ dimensions, population, parents, effective, rankOneRate, rankManyRate, stepRate },
    weights: scaled(raw, parents, negativeSum),
    stepDamping: 1 + 2 * Math.max(0, Math.sqrt((effective - 1) / (d + 1)) - 1) + stepRate,
    pathRate: (4 + effective / d) / (d + 4 + (2 * effective) / d),
    normalLength: Math.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d)),
    longestStep: Math.sqrt(d) + (2 * d) / (d + 2),
  };
}

function effectiveSize(weights: Float64Array): number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const squares = weights.reduce((total, weight) => total + weight * weight, 0);
  return (sum * sum) / squares;
}

function scaled(raw: Float64Array, parents: number, negativeSum: number): Float64Array {
  const sumOf = (part: Float64Array) => part.reduce((sum, weight) => sum + Math.abs(weight), 0);
  const positive = sumOf(raw.subarray(0, parents));
  const negative = sumOf(raw.subarray(parents));
  return raw.map((weight, i) =>
    i < parents ? weight / positive : (weight * negativeSum) / negative,
  );
}
