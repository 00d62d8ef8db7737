import {
  type Configuration,
  compileSpace,
  type Dimension,
  type HistoryEntry,
  type Problem,
  type RunningEntry,
  suggest,
} from '@espalier/search';
import { normalFrom, streamOf } from './random.ts';

export interface Result {
  readonly index: number;
  readonly configuration: Configuration;
  readonly value: number;
}

/** One side of a comparison: told what ended since it was asked last, it says what to try next. */
export interface Searcher {
  ask(results: readonly Result[]): RunningEntry | Promise<RunningEntry>;
}

/** Our search, which sees what Optuna sees: all results so far and what runs. */
export function ownSearcher(
  algorithm: string,
  dimensions: readonly Dimension[],
  seed: number,
  trials: number,
): Searcher {
  const problem: Problem = {
    space: compileSpace(dimensions),
    ...{ goal: 'minimize', algorithm, seed, maxTrials: trials },
  };
  const entries: HistoryEntry[] = [];
  const running: RunningEntry[] = [];
  return {
    ask(results) {
      for (const { index, configuration, value } of results) {
        running.splice(
          running.findIndex((entry) => entry.index === index),
          1,
        );
        entries.push({ index, configuration, outcome: 'succeeded', value });
      }
      const index = entries.length + running.length;
      const suggestion = suggest(problem, { entries, running }, index);
      if (suggestion.kind === 'exhausted') throw new Error(suggestion.reason);
      const { configuration } = suggestion;
      running.push({ index, configuration });
      return { index, configuration };
    },
  };
}

/** How long each trial takes, by its number: the same for both sides. */
export function durationsOf(seed: number, trials: number): readonly number[] {
  const next = streamOf(`durations ${seed}`);
  return Array.from({ length: trials }, () => Math.exp(0.5 * normalFrom(next)));
}

/**
 * Runs a search on a clock that jumps from one end of a trial to the next; gives the best value after
 * each trial that ended. A worker that becomes free asks at once.
 */
export async function runOnClock(
  searcher: Searcher,
  objective: (configuration: Configuration) => number,
  durations: readonly number[],
  workers: number,
): Promise<Float64Array> {
  const curve = new Float64Array(durations.length);
  const running: (RunningEntry & { readonly end: number })[] = [];
  let ended: Result[] = [];
  let started = 0;
  let best = Number.POSITIVE_INFINITY;
  const start = async (now: number) => {
    const asked = await searcher.ask(ended);
    ended = [];
    running.push({ ...asked, end: now + (durations[started++] as number) });
  };
  while (started < Math.min(workers, durations.length)) await start(0);
  for (let done = 0; done < durations.length; done++) {
    const first = running.reduce((a, b) => (b.end < a.end ? b : a));
    running.splice(running.indexOf(first), 1);
    const value = objective(first.configuration);
    best = Math.min(best, value);
    curve[done] = best;
    ended.push({ index: first.index, configuration: first.configuration, value });
    if (started < durations.length) await start(first.end);
  }
  return curve;
}
