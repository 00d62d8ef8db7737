import type { Point } from '@espalier/api';
import type { ReportMessage } from './message-builder.ts';
import { SeqIndex } from './seq-index.ts';
import type { Arrived } from './sync-judge.ts';

const NOTHING: Arrived = { contiguousTo: -1, hasStarted: false, hasFinished: false };

/** What is known of a report file and of how far it was delivered; of bounded size. */
export class ReportProgress {
  readonly #index = new SeqIndex();
  /** Points and state lines of the file lie before this offset, or were not read yet. */
  #readTo = 0;
  /** The file's points have no gap up to this one; -1 = there is none. */
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
      if (this.#contiguousTo === -1 || seq === this.#contiguousTo + 1) this.#contiguousTo = seq;
    }
  }

  readState(offset: number, kind: 'started' | 'finished'): void {
    if (kind === 'started') this.#startedAt ??= offset;
    else this.#finishedAt ??= offset;
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
    this.#contiguousTo = -1;
    this.#startedAt = undefined;
    this.#finishedAt = undefined;
    this.#topAcked = NOTHING.contiguousTo;
    this.#hasStarted = NOTHING.hasStarted;
    this.#hasFinished = NOTHING.hasFinished;
  }
}
