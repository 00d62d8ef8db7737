import type { Observation } from '@espalier/api';
import type { TrackedMetric } from '../experiment/goals.ts';
import { omitUndefined } from '../same.ts';
import type { FeedView, MetricEnds } from './feed-view.ts';
import { isBetter } from './value-track.ts';

/** The longest text that a value is looked for in: the kubelet cuts at 4 KiB anyway. */
const MAX_MESSAGE = 4096;

/**
 * What the trainer reported, in short: from the reports; else from the record, also for the part of
 * the reports that is missing (a feed that was lost must not take a value away); else from the
 * termination message.
 *
 * @param metrics The objective that decides, then all others of which the value counts, each by itself:
 * two best values may be of different points.
 */
export function observationOf(
  metrics: readonly [TrackedMetric, ...TrackedMetric[]],
  feed: FeedView | undefined,
  recorded: Observation | undefined,
  message: string | undefined,
): Observation | undefined {
  const reported = feed === undefined || feed.points === 0 ? undefined : fromFeed(metrics, feed);
  const known =
    reported && recorded && !knowsAll(feed, recorded)
      ? fuller(metrics, reported, recorded)
      : (reported ?? recorded);
  if (message === undefined || missingMetric(metrics, known) === undefined) return known;
  return withMessage(metrics, known, message);
}

/** The first metric that counts of which no value is known. */
export function missingMetric(
  metrics: readonly [TrackedMetric, ...TrackedMetric[]],
  observation: Observation | undefined,
): string | undefined {
  const [objective, ...others] = metrics;
  if (observation?.value === undefined) return objective.metric;
  return others.find(({ metric }) => valueIn(observation, metric) === undefined)?.metric;
}

function fromFeed(
  metrics: readonly [TrackedMetric, ...TrackedMetric[]],
  feed: FeedView,
): Observation {
  const counts = (ends: MetricEnds | undefined, { report }: TrackedMetric) =>
    report === 'best' ? ends?.best : finite(ends?.last);
  const last = finite(feed.last);
  const [objective, ...others] = metrics;
  const counted = counts(feed, objective);
  const values = others.map((metric, i) => counts(feed.others?.[i], metric)?.value);
  return omitUndefined({
    values: named(metrics, [counted?.value, ...values]),
    value: counted?.value,
    step: counted?.step,
    epoch: counted?.epoch,
    lastStep: feed.lastStep,
    lastEpoch: feed.lastEpoch,
    lastValue: last?.value,
    points: feed.points,
  });
}

/** Whether the reports are at least what they were when the record was written. */
function knowsAll(feed: FeedView | undefined, recorded: Observation): boolean {
  if (feed === undefined) return false;
  return feed.complete || (feed.isWhole && feed.points >= recorded.points);
}

function finite<T extends { readonly value: number }>(one: T | undefined): T | undefined {
  return one !== undefined && Number.isFinite(one.value) ? one : undefined;
}

/** The values by metric, where there is more than the objective; of what is not known nothing. */
function named(
  metrics: readonly TrackedMetric[],
  values: readonly (number | undefined)[],
): Observation['values'] {
  if (metrics.length === 1) return undefined;
  const known = metrics.flatMap(({ metric }, i) => {
    const value = values[i];
    return value === undefined ? [] : [{ metric, value }];
  });
  return known.length === 0 ? undefined : known;
}

/** Nothing worse than either. */
function fuller(
  metrics: readonly [TrackedMetric, ...TrackedMetric[]],
  reported: Observation,
  recorded: Observation,
): Observation {
  const [{ goal, report }, ...others] = metrics;
  const later = reported.lastStep >= recorded.lastStep ? reported : recorded;
  const isBest = isBetter(goal, reported.value ?? Number.NaN, recorded.value);
  const best = isBest ? reported : recorded;
  const counted = report === 'last' && later.value !== undefined ? later : best;
  const earlier = later === reported ? recorded : reported;
  const values = others.map((other) => {
    const [newer, old] = [later, earlier].map((one) => valueIn(one, other.metric));
    if (old === undefined || newer === undefined || other.report === 'last') return newer ?? old;
    return isBetter(other.goal, old, newer) ? old : newer;
  });
  return omitUndefined({
    ...later,
    values: named(metrics, [counted.value, ...values]),
    value: counted.value,
    step: counted.step,
    epoch: counted.epoch,
    points: Math.max(reported.points, recorded.points),
  });
}

function valueIn({ values }: Observation, metric: string): number | undefined {
  return values?.find((entry) => entry.metric === metric)?.value;
}

/** What is not known yet, from the termination message. */
function withMessage(
  metrics: readonly [TrackedMetric, ...TrackedMetric[]],
  known: Observation | undefined,
  message: string,
): Observation | undefined {
  if (message.length > MAX_MESSAGE) return known;
  const point = parseObject(message);
  const told = isRecord(point?.['values']) ? point['values'] : (point ?? {});
  const value = known?.value ?? numberIn(told, metrics[0].metric);
  const others = metrics.slice(1).map(({ metric }) => {
    return (known && valueIn(known, metric)) ?? numberIn(told, metric);
  });
  const values = named(metrics, [value, ...others]);
  if (value === undefined || known?.value !== undefined) {
    return known && omitUndefined({ ...known, values });
  }
  const step = natural(point?.['step']);
  const epoch = natural(point?.['epoch']);
  const ends = { step, epoch, lastStep: step, lastEpoch: epoch, lastValue: value, points: 0 };
  return omitUndefined({ ...known, value, ...ends, values });
}

/** Hostile text: anything but a finite number under the metric's name is no value. */
function numberIn(values: Readonly<Record<string, unknown>>, metric: string): number | undefined {
  const value = Object.hasOwn(values, metric) ? values[metric] : undefined;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    // Not JSON: a trainer may say there whatever it likes.
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function natural(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0;
}
