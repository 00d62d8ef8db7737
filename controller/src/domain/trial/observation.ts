import type { ExperimentSpec, Objective, Observation } from '@espalier/api';
import { omitUndefined } from '../same.ts';
import type { FeedView } from './feed-view.ts';
import { isBetter } from './value-track.ts';

/** The longest text that a value is looked for in: the kubelet cuts at 4 KiB anyway. */
const MAX_MESSAGE = 4096;

/**
 * What the trainer reported, in short: from the reports; else from the record, also for the part of
 * the reports that is missing (a feed that was lost must not take a value away); else from the
 * termination message.
 */
export function observe(
  objective: Objective,
  feed: FeedView | undefined,
  recorded: Observation | undefined,
  message: string | undefined,
): Observation | undefined {
  const reported = feed === undefined || feed.points === 0 ? undefined : fromFeed(objective, feed);
  const known =
    reported && recorded && !knowsAll(feed, recorded)
      ? fuller(objective, reported, recorded)
      : (reported ?? recorded);
  if (known?.value !== undefined || message === undefined) return known;
  const told = fromMessage(objective.metric, message);
  return told === undefined ? known : { ...known, ...told };
}

function fromFeed(objective: Objective, feed: FeedView): Observation {
  const last = feed.last !== undefined && Number.isFinite(feed.last.value) ? feed.last : undefined;
  const counted = objective.report === 'best' ? feed.best : last;
  return omitUndefined({
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

/** Nothing worse than either. */
function fuller(
  { goal, report }: Objective,
  reported: Observation,
  recorded: Observation,
): Observation {
  const later = reported.lastStep >= recorded.lastStep ? reported : recorded;
  const isBest = isBetter(goal, reported.value ?? Number.NaN, recorded.value);
  const best = isBest ? reported : recorded;
  const counted = report === 'last' && later.value !== undefined ? later : best;
  return omitUndefined({
    ...later,
    value: counted.value,
    step: counted.step,
    epoch: counted.epoch,
    points: Math.max(reported.points, recorded.points),
  });
}

/** Hostile text: anything but a finite number under the metric's name is no value. */
function fromMessage(metric: string, message: string): Observation | undefined {
  if (message.length > MAX_MESSAGE) return undefined;
  const point = parseObject(message);
  const values = isRecord(point?.['values']) ? point['values'] : point;
  const value = values !== undefined && Object.hasOwn(values, metric) ? values[metric] : undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const step = natural(point?.['step']);
  const epoch = natural(point?.['epoch']);
  return { value, step, epoch, lastStep: step, lastEpoch: epoch, lastValue: value, points: 0 };
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
