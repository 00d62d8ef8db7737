import type { Trial } from '@espalier/api';

/** One stretch of time in which a trainer's process ran. */
interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * How long slots stood empty although trials remained, and how long trainers ran, in milliseconds,
 * from the attempts that the Trials record. A slot that becomes free is taken by the next process to
 * start; after the last start nothing remains, so those ends are no gaps.
 */
export function overhead(
  trials: readonly Trial[],
  parallel: number,
): { readonly trialMs: number; readonly gapMs: number } {
  const stretches = trials.flatMap(stretchesOf).sort((a, b) => a.startMs - b.startMs);
  const ends = stretches.map(({ endMs }) => endMs).sort((a, b) => a - b);
  let gapMs = 0;
  for (const [index, { startMs }] of stretches.entries()) {
    // The first `parallel` starts find empty slots; each later one takes the slot freed the earliest.
    const freed = ends[index - parallel];
    if (freed !== undefined) gapMs += Math.max(0, startMs - freed);
  }
  const trialMs = stretches.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  return { trialMs, gapMs };
}

function stretchesOf({ status }: Trial): Stretch[] {
  return (status?.attempts ?? []).flatMap(({ startTime, endTime }) =>
    startTime === undefined || endTime === undefined
      ? []
      : [{ startMs: Date.parse(startTime), endMs: Date.parse(endTime) }],
  );
}
