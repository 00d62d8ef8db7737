import {
  type Configuration,
  compileSpace,
  EMPTY_HISTORY,
  type History,
  type Problem,
  suggest,
} from '@espalier/search';
import { experimentSchema } from '../../../api/src/index.ts';
import {
  type Begun,
  begin,
  type Race,
  raceOf,
  raceTurn,
} from '../../../controller/src/domain/experiment/race.ts';
import { raceHistory } from '../../../controller/src/domain/experiment/race-input.ts';
import { FUNCTION_TASKS } from './functions.ts';
import { normalFrom, streamOf } from './random.ts';
import { compare, meanOf, type Pairs } from './statistics.ts';
import type { Instance, Task } from './task.ts';

/** Of a race, with rungs of 1, 4 and 8 seeds. */
const CONFIGURATIONS = 60;
const SEEDS = 8;
const HELD_BACK = 64;

/** One training run: what a configuration comes to with a seed. */
export type NoisyRun = (configuration: Configuration, seed: number) => number;

/**
 * A function with noise that is normal and as a share `level` of what a random guess loses: half of its
 * deviation is the seed's, the same for all configurations, the rest is each one's own with each seed.
 */
export function noisy(
  { objective, optimum, median }: Instance,
  level: number,
  key: string,
): NoisyRun {
  const scale = level * (median - optimum);
  return (configuration, seed) => {
    const common = normalFrom(streamOf(`${key} ${seed}`));
    const own = normalFrom(streamOf(`${key} ${seed} ${JSON.stringify(configuration)}`));
    return objective(configuration) + scale * (0.5 * common + Math.sqrt(0.75) * own);
  };
}

/** What a search chose, and what it took it for. */
export interface Chosen {
  readonly configuration: Configuration;
  readonly reported: number;
  readonly runs: number;
}

/** Every configuration once, with the same seed, and the one with the best value. */
export function searchOnce(problem: Problem, run: NoisyRun, runs: number): Chosen {
  const entries: History['entries'][number][] = [];
  for (let index = 0; index < runs; index++) {
    const configuration = asked(problem, { entries, running: [] }, index);
    const value = run(configuration, 0);
    entries.push({ index, configuration, outcome: 'succeeded', value });
  }
  const best = entries.reduce((a, b) => ((b.value ?? 0) < (a.value ?? 0) ? b : a));
  return { configuration: best.configuration, reported: best.value ?? Number.NaN, runs };
}

/** A race by the functions of the controller, one run after the other. */
export function searchByRace(problem: Problem, run: NoisyRun, race: Race, most: number): Chosen {
  const values: number[][] = [];
  const configurations: Configuration[] = [];
  const begun: (Begun | undefined)[] = [];
  let runs = 0;
  for (;;) {
    const known = {
      rungs: race.sizes.map((size) => values.flatMap((own, i) => (own.length >= size ? [i] : []))),
      faults: [],
    };
    const valuesOf = (number: number) => values[number] ?? [];
    const canBegin = values.length < most;
    const turn = raceTurn(race, 'minimize', { begun, known, valuesOf, canBegin });
    if (turn === undefined) break;
    const { configuration: number, replicate } = turn;
    configurations[number] ??= asked(
      problem,
      raceHistory(race, known, number, (other) => ({
        state: { fault: undefined, raceValues: values[other] ?? [] },
        configuration: configurations[other] ?? {},
      })),
      number,
    );
    const own = values[number] ?? [];
    values[number] = [...own, run(configurations[number] as Configuration, replicate)];
    begun[number] = begin(begun[number], race, replicate);
    runs += 1;
  }
  const whole = values.flatMap((own, i) => (own.length === race.rule.replicates ? [i] : []));
  const best = whole.reduce((a, b) => (meanOf(values[b] ?? []) < meanOf(values[a] ?? []) ? b : a));
  const configuration = configurations[best] as Configuration;
  return { configuration, reported: meanOf(values[best] ?? []), runs };
}

/** Regrets of race and single seed on held-back seeds, by task, paired by the seed of the search. */
export interface SeedsContest {
  readonly pairs: Pairs;
  /** By how much what was reported was better than what the held-back seeds say. */
  readonly raceOptimism: number;
  readonly singleOptimism: number;
  readonly mostRuns: number;
}

/** Both sides on each task and seed; the single seed is given exactly as many runs as the race took. */
export function seedsContest(tasks: readonly Task[], level: number, seeds: number): SeedsContest {
  const race = raceFor(SEEDS);
  const optimism: [race: number[], single: number[]] = [[], []];
  let mostRuns = 0;
  const pairs = new Map(
    tasks.map((task) => {
      const space = compileSpace(task.dimensions);
      const rows = Array.from({ length: seeds }, (_, seed): [number, number] => {
        const instance = task.instanceOf(seed);
        const run = noisy(instance, level, `${task.name} ${seed}`);
        const problem: Problem = {
          ...{ space, goal: 'minimize', algorithm: 'tpe', seed, maxTrials: CONFIGURATIONS },
        };
        const raced = searchByRace(problem, run, race, CONFIGURATIONS);
        const single = searchOnce(problem, run, raced.runs);
        mostRuns = Math.max(mostRuns, raced.runs);
        return [raced, single].map((chosen, side) => {
          const held = heldBack(run, chosen.configuration);
          const range = instance.median - instance.optimum;
          optimism[side]?.push((held - chosen.reported) / range);
          return (held - instance.optimum) / range;
        }) as [number, number];
      });
      return [task.name, rows];
    }),
  );
  const [raced, single] = optimism;
  return { pairs, raceOptimism: meanOf(raced), singleOptimism: meanOf(single), mostRuns };
}

/** One line for each strength of the noise. */
export function* seedsLines(seeds: number): Generator<Record<string, unknown>> {
  const tasks = FUNCTION_TASKS.filter(({ dimensions }) => dimensions.length === 5);
  for (const level of [0.1, 0.3, 1]) {
    const { pairs, raceOptimism, singleOptimism, mostRuns } = seedsContest(tasks, level, seeds);
    const { ours, theirs, ratio, ratioLow, ratioHigh, pBetter, pBetterLow } = compare(pairs);
    yield {
      ...{ bench: 'seeds', noise: level, tasks: tasks.length, seeds, mostRuns },
      ...{ raceRegret: ours, singleRegret: theirs, ratio, ratioLow, ratioHigh },
      ...{ pBetter, pBetterLow, raceOptimism, singleOptimism },
    };
  }
}

/** The race of a manifest with so many replicates. */
export function raceFor(replicates: number): Race {
  const { spec } = experimentSchema.parse({
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Experiment',
    metadata: { name: 'a', namespace: 'a' },
    spec: {
      objective: { metric: 'loss', goal: 'minimize' },
      parameters: [{ name: 'x', float: { min: 0, max: 1 } }],
      replicates: {
        parameter: 'seed',
        values: Array.from({ length: replicates }, (_, seed) => seed),
        racing: {},
      },
    },
  });
  return raceOf(spec) as Race;
}

function heldBack(run: NoisyRun, configuration: Configuration): number {
  return meanOf(Array.from({ length: HELD_BACK }, (_, i) => run(configuration, 1000 + i)));
}

function asked(problem: Problem, history: History, index: number): Configuration {
  const suggestion = suggest(problem, index === 0 ? EMPTY_HISTORY : history, index);
  if (suggestion.kind === 'exhausted') throw new Error(suggestion.reason);
  return suggestion.configuration;
}
