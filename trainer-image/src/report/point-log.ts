import { addToDigest, EMPTY_DIGEST, formatDigest, type Point } from '@espalier/api';
import type { ReportSink } from './report-sink.ts';

/** Reports lie in memory for at most this long... */
const FLUSH_MS = 1000;
/** ...and never more than so many. */
const FLUSH_POINTS = 1000;

/**
 * Numbers the points of a trial without gaps, hands them to the sink in batches, and keeps them for
 * the checkpoint's segments and the tables at the end.
 */
export class PointLog {
  /** Every point of the trial, those of earlier attempts first. */
  readonly points: Point[];
  readonly #firstSeq: number;
  readonly #sink: ReportSink;
  readonly #now: () => number;
  #reported: number;
  #saved: number;
  #flushedMs = Number.NEGATIVE_INFINITY;
  #digest = EMPTY_DIGEST;

  /**
   * @param inherited The points of the earlier attempts; `seq` equals the index.
   * @param firstSeq Of the first point of this attempt.
   */
  constructor(
    inherited: readonly Point[],
    firstSeq: number,
    sink: ReportSink,
    now: () => number = Date.now,
  ) {
    this.points = [...inherited];
    this.#firstSeq = firstSeq;
    this.#sink = sink;
    this.#now = now;
    this.#reported = this.points.length;
    this.#saved = this.points.length;
  }

  get nextSeq(): number {
    return this.points.length === 0 ? this.#firstSeq : (this.points.at(-1)?.seq ?? -1) + 1;
  }

  /** Says that the attempt began; `resumedStep` is 0 for one that starts anew. */
  start(resumedStep: number, epochs: number): void {
    const firstSeq = this.#firstSeq;
    this.#sink.write({ kind: 'started', time: Date.now(), firstSeq, resumedStep, epochs });
  }

  add(step: number, epoch: number, values: Readonly<Record<string, number>>): void {
    const point: Point = {
      seq: this.nextSeq,
      step,
      epoch,
      values: { ...values },
      time: this.#now(),
    };
    this.points.push(point);
    this.#digest = addToDigest(this.#digest, point);
    const isDue = point.time - this.#flushedMs >= FLUSH_MS;
    if (isDue || this.points.length - this.#reported >= FLUSH_POINTS) this.flush();
  }

  flush(): void {
    const points = this.points.slice(this.#reported);
    this.#reported = this.points.length;
    this.#flushedMs = this.#now();
    if (points.length > 0) this.#sink.write({ kind: 'points', points });
  }

  /** The points since the last call: they belong into the next checkpoint's segment. */
  takeUnsaved(): Point[] {
    const points = this.points.slice(this.#saved);
    this.#saved = this.points.length;
    return points;
  }

  /** Says that nothing more will come of the attempt, and which points it reported. */
  finish(): void {
    this.flush();
    const lastSeq = this.nextSeq > this.#firstSeq ? this.nextSeq - 1 : -1;
    const digest = formatDigest(this.#digest);
    this.#sink.write({ kind: 'finished', time: this.#now(), lastSeq, digest });
  }
}
