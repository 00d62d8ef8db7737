import {
  addToDigest,
  EMPTY_DIGEST,
  formatDigest,
  type Point,
  type ReportLine,
} from '@espalier/api';
import type { FoldInterest } from './feed-view.ts';
import { SeqSet } from './seq-set.ts';
import { type TrackedValue, ValueTrack } from './value-track.ts';

/** Metrics kept for tables and gauges; of more, the ones with the smallest names. */
const MAX_METRICS = 256;

/**
 * The reports of one Trial so far. Mutable and opaque: fold lines into it, read it by `viewOf`.
 *
 * Its size is bounded whatever a trainer sends: ranges of sequence numbers, at most 4,096 values of
 * the objective (and of each further metric) per attempt, one value per milestone, 256 metric names.
 */
export class FeedFold {
  readonly interest: FoldInterest;
  readonly attempts = new Map<number, AttemptFold>();
  readonly latest = new Map<string, Latest>();
  points = 0;
  lastStep = 0;
  lastEpoch = 0;

  constructor(interest: FoldInterest) {
    this.interest = interest;
  }
}

export interface AttemptFold {
  readonly seen: SeqSet;
  readonly track: ValueTrack;
  /** Of each of the interest's `others`. */
  readonly others: readonly ValueTrack[];
  /** By position in `interest.milestones`: the point with the lowest seq at or past it. */
  readonly milestones: (TrackedValue | undefined)[];
  digest: typeof EMPTY_DIGEST;
  firstSeq: number | undefined;
  /** The least of its points' resource, in the unit of the milestones. */
  fromResource: number;
  epochs: number | undefined;
  finished: { readonly lastSeq: number; readonly digest: string } | undefined;
  /** The feed knows that nothing more can come. */
  ended: boolean;
  firstReportMs: number | undefined;
  lastReportMs: number | undefined;
}

interface Latest {
  attempt: number;
  seq: number;
  value: number;
}

export function emptyFold(interest: FoldInterest): FeedFold {
  return new FeedFold(interest);
}

/**
 * Folds one line that arrived at `nowMs`; the same line again changes nothing, and the order of lines
 * does not matter (G6).
 *
 * @returns whether a planner may want to look: a first report, a better objective, a milestone, a gap
 * that closed, or the attempt is complete.
 */
export function foldLine(
  fold: FeedFold,
  attempt: number,
  line: ReportLine,
  nowMs: number,
): boolean {
  const into = attemptOf(fold, attempt);
  const isFirst = into.firstReportMs === undefined;
  const wasComplete = isComplete(into);
  const { gaps } = into.seen;
  let isNew = false;
  let isNews = false;
  switch (line.kind) {
    case 'started':
      isNew = into.firstSeq === undefined;
      // Where it begins also tells what of the attempts before still counts.
      isNews = isNew;
      into.firstSeq ??= line.firstSeq;
      into.epochs ??= line.epochs;
      break;
    case 'points':
      for (const point of line.points) {
        if (into.seen.add(point.seq)) {
          isNew = true;
          if (foldPoint(fold, into, attempt, point)) isNews = true;
        }
      }
      break;
    case 'finished':
      isNew = into.finished === undefined;
      into.finished ??= { lastSeq: line.lastSeq, digest: line.digest };
      break;
  }
  if (isNew) {
    into.firstReportMs = Math.min(into.firstReportMs ?? nowMs, nowMs);
    into.lastReportMs = Math.max(into.lastReportMs ?? nowMs, nowMs);
  }
  // A gap that closed may have hidden a milestone.
  const isFuller = into.seen.gaps < gaps;
  return isNews || isFuller || (isNew && isFirst) || isComplete(into) !== wasComplete;
}

/** Nothing more can come of this attempt (its process ended and its file was read to the end). */
export function foldEnd(fold: FeedFold, attempt: number): boolean {
  const into = attemptOf(fold, attempt);
  const isNews = !isComplete(into);
  into.ended = true;
  return isNews;
}

function foldPoint(fold: FeedFold, into: AttemptFold, attempt: number, point: Point): boolean {
  fold.points += 1;
  if (point.step > fold.lastStep) fold.lastStep = point.step;
  if (point.epoch > fold.lastEpoch) fold.lastEpoch = point.epoch;
  into.digest = addToDigest(into.digest, point);
  const resource = fold.interest.resource === 'epoch' ? point.epoch : point.step;
  if (resource < into.fromResource) into.fromResource = resource;
  for (const name of Object.keys(point.values)) {
    keepLatest(fold.latest, name, attempt, point.seq, point.values[name] as number);
  }
  const { interest } = fold;
  for (const [i, { metric }] of (interest.others ?? []).entries()) {
    const other = trackedValue(point, metric);
    if (other !== undefined) into.others[i]?.add(other);
  }
  const tracked = trackedValue(point, interest.metric);
  if (tracked === undefined) return false;
  const passed = passMilestones(interest, into, resource, tracked);
  return into.track.add(tracked) || passed;
}

function trackedValue({ seq, step, epoch, values }: Point, metric: string) {
  const value = Object.hasOwn(values, metric) ? values[metric] : undefined;
  return value === undefined ? undefined : { seq, value, step, epoch };
}

function passMilestones(
  interest: FoldInterest,
  into: AttemptFold,
  resource: number,
  value: TrackedValue,
): boolean {
  let isNews = false;
  for (const [position, milestone] of interest.milestones.entries()) {
    if (milestone > resource) break;
    const before = into.milestones[position];
    if (before !== undefined && before.seq <= value.seq) continue;
    into.milestones[position] = value;
    isNews = true;
  }
  return isNews;
}

function keepLatest(
  latest: Map<string, Latest>,
  name: string,
  attempt: number,
  seq: number,
  value: number,
): void {
  const kept = latest.get(name);
  if (kept !== undefined) {
    if (attempt < kept.attempt || (attempt === kept.attempt && seq < kept.seq)) return;
    kept.attempt = attempt;
    kept.seq = seq;
    kept.value = value;
    return;
  }
  latest.set(name, { attempt, seq, value });
  if (latest.size <= MAX_METRICS) return;
  // Evicting the largest name, never to return, makes what is kept independent of the order.
  let largest = name;
  for (const other of latest.keys()) if (other > largest) largest = other;
  latest.delete(largest);
}

/** Whether every report of this attempt is here, whatever is missing of others. */
export function isComplete(attempt: AttemptFold): boolean {
  if (attempt.ended) return true;
  const { finished } = attempt;
  if (finished === undefined) return false;
  const first = attempt.firstSeq ?? attempt.seen.lowest ?? 0;
  if (!attempt.seen.isExactly(first, finished.lastSeq)) return false;
  return formatDigest(attempt.digest) === finished.digest;
}

function attemptOf(fold: FeedFold, attempt: number): AttemptFold {
  const known = fold.attempts.get(attempt);
  if (known !== undefined) return known;
  const fresh: AttemptFold = {
    seen: new SeqSet(),
    track: new ValueTrack(fold.interest.goal),
    others: (fold.interest.others ?? []).map(({ goal }) => new ValueTrack(goal)),
    milestones: new Array(fold.interest.milestones.length).fill(undefined),
    digest: EMPTY_DIGEST,
    firstSeq: undefined,
    fromResource: Number.POSITIVE_INFINITY,
    epochs: undefined,
    finished: undefined,
    ended: false,
    firstReportMs: undefined,
    lastReportMs: undefined,
  };
  fold.attempts.set(attempt, fresh);
  return fresh;
}
