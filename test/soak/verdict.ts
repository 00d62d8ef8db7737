import { type Account, type Ended, wrongEnd } from './judge.ts';
import { type Leftovers, wrongLeftovers } from './leftovers.ts';
import type { MemoryTrend } from './memory.ts';

/** Everything that a soak is judged by. */
export interface Facts {
  readonly ended: readonly Ended[];
  readonly account: Account;
  /** Names that two pods have had. */
  readonly podsTwice: readonly string[];
  /** Most pods at once of each Experiment, by its name. */
  readonly peaks: ReadonlyMap<string, number>;
  readonly left: Leftovers;
  readonly memory: MemoryTrend;
}

/** What one controller may take; docs/performance.md promises less with 10,000 trials. */
const MOST_MIB = 350;
/** A slope is judged only over so long a time: an allocator takes memory in steps. */
const JUDGED_SECONDS = 30 * 60;
const STEEPEST = { resident: 1, heap: 0.5 };

/** In words, all that is not as it has to be; empty = nothing was lost, made twice or left behind. */
export function verdict({ ended, account, podsTwice, peaks, left, memory }: Facts): string[] {
  const { sent, lost, duplicates } = account;
  const { maxMib, seconds, slope } = memory;
  return [
    ...ended.flatMap(wrongEnd),
    ...account.wrong,
    ...(sent > 0 ? [] : ['nothing was sent']),
    ...(lost === 0 ? [] : [`${lost} points were lost`]),
    ...(duplicates === 0 ? [] : [`${duplicates} points are there twice`]),
    ...podsTwice.map((name) => `${name} was given to two pods`),
    ...ended
      .filter(({ job: { name, parallel } }) => (peaks.get(name) ?? 0) > parallel)
      .map(({ job: { name } }) => `${name} had ${peaks.get(name)} pods at once`),
    ...wrongLeftovers(left),
    ...(maxMib > 0 && maxMib < MOST_MIB ? [] : [`a controller took ${maxMib} MiB`]),
    ...(['resident', 'heap'] as const)
      .filter((what) => seconds >= JUDGED_SECONDS && (slope?.[what] ?? 0) > STEEPEST[what])
      .map((what) => `a controller grows by ${slope?.[what]} MiB (${what}) a minute`),
  ];
}
