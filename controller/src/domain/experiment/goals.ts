import {
  type BestTrial,
  type ExperimentSpec,
  mainObjective,
  type Objective,
  objectivesOf,
} from '@espalier/api';
import type { Goal } from '@espalier/search';
import { isBetter } from '../trial/value-track.ts';

/** A metric of which a Trial's value counts. */
export type TrackedMetric = Pick<Objective, 'metric' | 'goal' | 'report'>;

/** The values of a Trial or a configuration that decide how good it is. */
export interface Standing {
  readonly value?: number | undefined;
  readonly values?: readonly { readonly metric: string; readonly value: number }[] | undefined;
}

/**
 * The objectives in order, then what constraints are judged on: the value that counts for an objective
 * of that name, else the one reported last.
 */
export function trackedMetrics(spec: ExperimentSpec): readonly [TrackedMetric, ...TrackedMetric[]] {
  const main = mainObjective(spec);
  const objectives = objectivesOf(spec);
  const others = (spec.constraints ?? [])
    .filter(({ metric }) => !objectives.some((objective) => objective.metric === metric))
    .map(({ metric }): TrackedMetric => ({ metric, goal: 'minimize', report: 'last' }));
  return [main, ...objectives.slice(1), ...others];
}

/** Goals of all objectives, in order. */
export function goalsOf(spec: ExperimentSpec): readonly Goal[] {
  return objectivesOf(spec).map(({ goal }) => goal);
}

/** The value of a metric in what was recorded. */
export function metricValue(
  spec: ExperimentSpec,
  { value, values }: Standing,
  metric: string,
): number | undefined {
  if (metric === mainObjective(spec).metric && value !== undefined) return value;
  return values?.find((entry) => entry.metric === metric)?.value;
}

/**
 * By how much constraints are missed in all, each relative to its bound (absolutely where that is 0);
 * infinite if what one is judged on is not known, 0 = all hold.
 */
export function violationOf(
  spec: ExperimentSpec,
  known: (metric: string) => number | undefined,
): number {
  let sum = 0;
  for (const { metric, min, max } of spec.constraints ?? []) {
    const value = known(metric);
    if (value === undefined) return Number.POSITIVE_INFINITY;
    if (max !== undefined && value > max) sum += (value - max) / (Math.abs(max) || 1);
    if (min !== undefined && value < min) sum += (min - value) / (Math.abs(min) || 1);
  }
  return sum;
}

/** Whether what was recorded misses a constraint, or does not tell. */
export function missesConstraints(spec: ExperimentSpec, standing: Standing): boolean {
  return violationOf(spec, (metric) => metricValue(spec, standing, metric)) > 0;
}

/** The objectives of a recorded best, in order. */
export function valuesOfBest({ value, values }: Pick<BestTrial, 'value' | 'values'>) {
  return values?.map((entry) => entry.value) ?? [value];
}

/**
 * Whether `values` come before `than`: by the first objective, of equal ones by the next. So the first
 * of all is on the Pareto front, and what is first can only be overtaken by something better.
 */
export function areBetter(
  goals: readonly Goal[],
  values: readonly number[],
  than: readonly number[] | undefined,
): boolean {
  if (than === undefined) return values.every(Number.isFinite);
  for (const [m, goal] of goals.entries()) {
    const [one, other] = [values[m] ?? Number.NaN, than[m] ?? Number.NaN];
    if (isBetter(goal, one, other)) return true;
    if (one !== other) return false;
  }
  return false;
}
