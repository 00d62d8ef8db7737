/**
 * How good the best configuration is after so many trials, next to Optuna's TPE on the same tasks,
 * seeds, first configurations and durations; a JSON line per family, algorithm, workers and budget.
 */
import { algorithmInfo } from '@espalier/search';
import { durationsOf, ownSearcher, runOnClock, type Searcher } from './clock.ts';
import type { OptunaProcess } from './optuna.ts';
import { streamOf } from './random.ts';
import type { RunStore } from './run-store.ts';
import {
  compare,
  meanOf,
  type Pairs,
  passes,
  powerForEqual,
  significantTasks,
} from './statistics.ts';
import { normalisedRegret, type Task } from './task.ts';

export const BUDGETS = [50, 100, 200] as const;
const TRIALS = 200;
const STARTUP = 10;
/** Below this a regret counts as none, so that a logarithm can be taken. */
const LEAST_REGRET = 1e-6;

/** Some of our runs and the runs of Optuna that they are compared with. */
export interface Contest {
  readonly algorithm: string;
  readonly versus: 'tpe' | 'tpe-group';
  readonly workers: number;
  readonly seeds: readonly number[];
  readonly tasks: readonly Task[];
}

/** The part of all runs that one of several processes does. */
export interface Share {
  readonly job: number;
  readonly jobs: number;
}

/** Both sides of a share of the runs, ours while Optuna thinks. */
export async function runContest(
  contest: Contest,
  store: RunStore,
  optuna: OptunaProcess,
  { job, jobs }: Share,
): Promise<void> {
  const { algorithm, versus, workers, seeds, tasks } = contest;
  for (const seed of seeds) {
    for (const task of tasks) {
      // By the pair alone: contests that share runs of Optuna give each to the same process.
      const place = streamOf(`${task.family}/${task.name} s${seed}`)();
      if (Math.floor(place * jobs) !== job) continue;
      await Promise.all([
        runSide(task, ownKey(task, algorithm, workers, seed), seed, workers, store, () =>
          yielding(ownSearcher(algorithm, task.dimensions, seed, TRIALS)),
        ),
        runSide(task, theirKey(task, versus, workers, seed), seed, workers, store, () =>
          optuna.begin(versus, task.dimensions, seed, firstOf(task, seed)),
        ),
      ]);
    }
  }
}

async function runSide(
  task: Task,
  key: string,
  seed: number,
  workers: number,
  store: RunStore,
  searcherOf: () => Searcher,
): Promise<void> {
  if (store.get(key) !== undefined) return;
  const instance = task.instanceOf(seed);
  const durations = durationsOf(seed, TRIALS);
  const curve = await runOnClock(searcherOf(), instance.objective, durations, workers);
  const regrets = curve.map((best) => normalisedRegret(instance, best));
  const logs = regrets.map((regret) => Math.log10(Math.max(regret, LEAST_REGRET)));
  store.set(key, {
    regrets: [...regrets].filter((_, i) => (i + 1) % 10 === 0),
    logs: BUDGETS.map((budget) => meanOf([...logs.subarray(0, budget)])),
  });
}

/** Lets the other side be served between two suggestions. */
function yielding(searcher: Searcher): Searcher {
  return {
    async ask(results) {
      await new Promise(setImmediate);
      return searcher.ask(results);
    },
  };
}

function ownKey(task: Task, algorithm: string, workers: number, seed: number): string {
  const { version } = algorithmInfo(algorithm) ?? { version: '?' };
  return `${task.family}/${task.name} ${algorithm}@${version} w${workers} s${seed}`;
}

function theirKey(task: Task, versus: string, workers: number, seed: number): string {
  return `${task.family}/${task.name} optuna-${versus} w${workers} s${seed}`;
}

/** The configurations that both sides begin with: ours are those of `random`. */
function firstOf({ dimensions }: Task, seed: number) {
  const searcher = ownSearcher('random', dimensions, seed, TRIALS);
  return Array.from({ length: STARTUP }, () => {
    const asked = searcher.ask([]);
    if (asked instanceof Promise) throw new Error('our own search answers at once');
    return asked.configuration;
  });
}

/** The lines of a contest, for each of its families and budgets. */
export function linesOf(contest: Contest, store: RunStore): readonly Record<string, unknown>[] {
  const { algorithm, versus, workers, seeds, tasks } = contest;
  const families = [...new Set(tasks.map(({ family }) => family))];
  return families.flatMap((family) =>
    BUDGETS.map((budget, b) => {
      const members = tasks.filter((task) => task.family === family);
      const { regrets, logs } = pairsOf(members, contest, budget, b, store);
      const result = compare(regrets);
      const { better, worse } = significantTasks(regrets);
      return {
        ...{ bench: 'search', family, algorithm, budget, workers, ...rounded(result) },
        ...{ versus, tasks: members.length, seeds: seeds.length, isMet: passes(result) },
        ...{ equalPass: powerForEqual(regrets), better, worse },
        logRegret: round(meanOf([...logs.values()].flat().map(([ours]) => ours))),
        logRegretTheirs: round(meanOf([...logs.values()].flat().map(([, theirs]) => theirs))),
      };
    }),
  );
}

/** Both sides' regrets after 10, 20, ... trials, in the mean of a family's tasks and seeds. */
export function curvesOf(
  { algorithm, versus, workers, seeds, tasks }: Contest,
  family: string,
  store: RunStore,
): readonly [ours: readonly number[], theirs: readonly number[]] {
  const runs = tasks
    .filter((task) => task.family === family)
    .flatMap((task) =>
      seeds.map((seed) => [
        store.get(ownKey(task, algorithm, workers, seed))?.regrets ?? [],
        store.get(theirKey(task, versus, workers, seed))?.regrets ?? [],
      ]),
    );
  const mean = (side: number) =>
    (runs[0]?.[side] ?? []).map((_, at) => meanOf(runs.map((run) => run[side]?.[at] ?? 0)));
  return [mean(0), mean(1)];
}

function pairsOf(
  tasks: readonly Task[],
  { algorithm, versus, workers, seeds }: Contest,
  budget: number,
  budgetNumber: number,
  store: RunStore,
): { regrets: Pairs; logs: Pairs } {
  const regrets = new Map<string, [number, number][]>();
  const logs = new Map<string, [number, number][]>();
  for (const task of tasks) {
    const runs = seeds.map((seed) => {
      const ours = store.get(ownKey(task, algorithm, workers, seed));
      const theirs = store.get(theirKey(task, versus, workers, seed));
      if (ours === undefined || theirs === undefined) throw new Error(`no runs of ${task.name}`);
      return [ours, theirs] as const;
    });
    const at = budget / 10 - 1;
    regrets.set(
      task.name,
      runs.map(([a, b]) => [a.regrets[at] as number, b.regrets[at] as number]),
    );
    logs.set(
      task.name,
      runs.map(([a, b]) => [a.logs[budgetNumber] as number, b.logs[budgetNumber] as number]),
    );
  }
  return { regrets, logs };
}

function rounded<T extends object>(record: T): T {
  const entries = Object.entries(record).map(([key, value]) => [key, round(Number(value))]);
  return Object.fromEntries(entries);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
