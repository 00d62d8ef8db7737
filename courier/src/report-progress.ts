import type { Point, ReportLine } from '@espalier/api';
import type { ReportMessage } from './message-builder.ts';
import { SeqIndex } from './seq-index.ts';
import type { Arrived } from './sync-judge.ts';

/** What is known of a report file and of how far it was delivered; of bounded size. */
export class ReportProgress {
  readonly #index = new SeqIndex();
  /** Points and state lines of the file lie before this offset, or were not read yet. */
  #readTo = 0;
  /** Number of the attempt's first point, as its first line says. */
  #firstSeq = 0;
  /** The file's points have no gap from the first one up to this one; -1 = there is none. */
  #contiguousTo = -1;
  #startedAt: number | undefined;
  #finishedAt: number | undefined;
  #topAcked = -1;
  #hasStarted = false;
  #hasFinished = false;

  /** A line with points was read, perhaps again. */
  readPoints(offset: number, points: readonly Point[]): void {
    if (offset < this.#readTo) return;
    this.#readTo = offset + 1;
    const [first] = points;
    if (first !== undefined) this.#index.add(first.seq, offset);
    for (const { seq } of points) {
      // After a gap that the trainer itself left nobody can say what is missing.
      const next = this.#contiguousTo === -1 ? this.#firstSeq : this.#contiguousTo + 1;
      if (seq === next) this.#contiguousTo = seq;
    }
  }

  readState(offset: number, line: Exclude<ReportLine, { kind: 'points' }>): void {
    if (line.kind === 'finished') this.#finishedAt ??= offset;
    else if (this.#startedAt === undefined) {
      this.#startedAt = offset;
      this.#firstSeq = line.firstSeq;
    }
  }

  acked({ topSeq, state }: ReportMessage): void {
    this.#topAcked = Math.max(this.#topAcked, topSeq);
    if (state === 'started') this.#hasStarted = true;
    if (state === 'finished') this.#hasFinished = true;
  }

  /** Another process of this attempt has delivered the points up to `seq`. */
  arrivedBefore(seq: number): void {
    this.#topAcked = Math.max(this.#topAcked, seq);
  }

  /** What the stream has acked, and so must arrive. */
  get delivered(): Arrived {
    return {
      contiguousTo: Math.min(this.#topAcked, this.#contiguousTo),
      hasStarted: this.#hasStarted,
      hasFinished: this.#hasFinished,
    };
  }

  /** There is nothing whose arrival could be asked for. */
  get isEmpty(): boolean {
    const { contiguousTo, hasStarted, hasFinished } = this.delivered;
    return contiguousTo === -1 && !hasStarted && !hasFinished;
  }

  /** Where to read from so that all comes again which has not arrived; it counts as not acked. */
  rewind(arrived: Arrived): number {
    const from = [this.#index.find(arrived.contiguousTo + 1)];
    if (!arrived.hasStarted && this.#startedAt !== undefined) from.push(this.#startedAt);
    if (!arrived.hasFinished && this.#finishedAt !== undefined) from.push(this.#finishedAt);
    this.#topAcked = Math.min(this.#topAcked, arrived.contiguousTo);
    this.#hasStarted &&= arrived.hasStarted;
    this.#hasFinished &&= arrived.hasFinished;
    return Math.min(...from);
  }

  /** The file is another one than before: nothing is known of it. */
  forget(): void {
    this.#index.clear();
    this.#readTo = 0;
    this.#firstSeq = 0;
    this.#contiguousTo = -1;
    this.#startedAt = undefined;
    this.#finishedAt = undefined;
    this.#topAcked = -1;
    this.#hasStarted = false;
    this.#hasFinished = false;
  }
}
