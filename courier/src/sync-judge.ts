/** What the controller says it has of this attempt; the answer to a `sync` request. */
export interface Arrived {
  /** Every point up to it is there; -1 = none. */
  readonly contiguousTo: number;
  readonly hasStarted: boolean;
  readonly hasFinished: boolean;
}

export type Verdict =
  /** Everything that was acked has arrived. */
  | 'whole'
  /** Some of it has not, yet. */
  | 'behind'
  /** Nothing more of it has arrived for so long that it is lost: send it again. */
  | 'lost';

const MAX_PATIENCE_MS = 5 * 60_000;

/**
 * Tells from the answers to `sync` whether what the stream acked was lost on its way: an ack says that
 * the server has stored a message, not that it still has it (it was killed, the stream was purged).
 *
 * A reader that is only behind makes progress from answer to answer; when there is none for
 * `patienceMs`, the rest is gone. Each time that proves wrong, patience doubles, so that a slow reader
 * is not buried under repetitions.
 */
export class SyncJudge {
  readonly #patienceMs: number;
  #factor = 1;
  #last: Arrived | undefined;
  /** Since when there is no progress though something is missing. */
  #stuckSinceMs: number | undefined;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** @param acked What must arrive sooner or later; of points, the highest number without a gap. */
  judge(arrived: Arrived, acked: Arrived, nowMs: number): Verdict {
    const last = this.#last;
    this.#last = arrived;
    if (!lacks(arrived, acked)) {
      this.#stuckSinceMs = undefined;
      this.#factor = 1;
      return 'whole';
    }
    if (last === undefined || lacks(last, arrived)) {
      this.#stuckSinceMs = nowMs;
      return 'behind';
    }
    this.#stuckSinceMs ??= nowMs;
    const patienceMs = Math.min(this.#patienceMs * this.#factor, MAX_PATIENCE_MS);
    if (nowMs - this.#stuckSinceMs < patienceMs) return 'behind';
    this.#stuckSinceMs = undefined;
    this.#factor *= 2;
    return 'lost';
  }
}

/** Whether `wanted` has something that `arrived` has not. */
function lacks(arrived: Arrived, wanted: Arrived): boolean {
  return (
    arrived.contiguousTo < wanted.contiguousTo ||
    (wanted.hasStarted && !arrived.hasStarted) ||
    (wanted.hasFinished && !arrived.hasFinished)
  );
}
