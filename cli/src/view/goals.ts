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
  return constraints?.map(({ metric, min, max }) => bounded(metric, min, max)).join(', ');
}

/** One line for each limit on parameters: `batchSize * imageSize^2 <= 600000`. */
export function limitLines({ parameterConstraints = [] }: ExperimentSpec): readonly string[] {
  return parameterConstraints.map(({ sum, product, min, max }) => {
    const text =
      sum
        ?.map(({ parameter, weight }) => (weight === 1 ? parameter : `${weight} ${parameter}`))
        .join(' + ') ??
      product
        ?.map(({ parameter, exponent: by }) => (by === 1 ? parameter : `${parameter}^${by}`))
        .join(' * ') ??
      '';
    return bounded(text, min, max);
  });
}

/** `2 enqueued, the 3 best of digits, up to 50 results of digits`; undefined for a search that begins with nothing. */
export function beginningText({ enqueue, warmStart }: ExperimentSpec): string | undefined {
  const again = warmStart?.enqueue ?? 0;
  const from = warmStart?.experiments.join(', ');
  const parts = [
    ...(enqueue === undefined ? [] : [`${enqueue.length} enqueued`]),
    ...(again === 0 ? [] : [`the ${again} best of ${from}`]),
    ...(warmStart === undefined ? [] : [`up to ${warmStart.trials} results of ${from}`]),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}

function bounded(text: string, min: number | undefined, max: number | undefined): string {
  const below = max === undefined ? text : `${text} <= ${max}`;
  return min === undefined ? below : `${min} <= ${below}`;
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
