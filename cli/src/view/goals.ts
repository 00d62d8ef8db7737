import {
  type Experiment,
  type ExperimentSpec,
  mainObjective,
  objectivesOf,
  type ParetoEntry,
} from '@espalier/api';
import { formatMetric } from '../render/number.ts';

/** What is asked for beside the first objective, and how trials stand in it, for tables and pages. */

/** The metrics that count beside the first objective: further objectives, then constraints. */
export function furtherMetrics(spec: ExperimentSpec): readonly string[] {
  const main = mainObjective(spec).metric;
  const metrics = [...objectivesOf(spec), ...(spec.constraints ?? [])].map(({ metric }) => metric);
  return [...new Set(metrics)].filter((metric) => metric !== main);
}

/** `maximize acc, target 0.9; minimize ms`. */
export function objectivesText(spec: ExperimentSpec): string {
  return objectivesOf(spec)
    .map(({ goal, metric, target }) => {
      return `${goal} ${metric}${target === undefined ? '' : `, target ${target}`}`;
    })
    .join('; ');
}

/** `mb <= 100, 0.5 <= recall`; undefined without constraints. */
export function constraintsText({ constraints }: ExperimentSpec): string | undefined {
  return constraints
    ?.map(({ metric, min, max }) => {
      const below = max === undefined ? metric : `${metric} <= ${max}`;
      return min === undefined ? below : `${min} <= ${below}`;
    })
    .join(', ');
}

/** Trials that no other one beats; of one objective the best alone. */
export function leadingTrials({ status }: Experiment): ReadonlySet<string> {
  const { best, pareto } = status ?? {};
  const names = pareto?.front.map(({ trial }) => trial) ?? [];
  return new Set(best === undefined ? names : [best.trial, ...names]);
}

/** `acc 0.9, ms 12`. */
export function valuesText({ values }: Pick<ParetoEntry, 'values'>): string {
  return values.map(({ metric, value }) => `${metric} ${formatMetric(value)}`).join(', ');
}

/** One line for each of the front, `<trial>: acc 0.9, ms 12`, and how many are not shown. */
export function frontLines({ status }: Experiment): readonly string[] {
  const { size = 0, front = [] } = status?.pareto ?? {};
  const lines = front.map((entry) => `${entry.trial}: ${valuesText(entry)}`);
  return size > front.length ? [...lines, `and ${size - front.length} more`] : lines;
}
