import { spawn } from 'node:child_process';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  compileSpace,
  type Dimension,
  EMPTY_HISTORY,
  type HistoryEntry,
  type Problem,
  suggest,
} from '@espalier/search';

const SCRIPT = join(import.meta.dirname, '../../../scripts/search/ask.py');
const ROUNDS = 5;
const ASKS_PER_ROUND = 8;

/** Each ask adds a result: of 260 the last ask sees 299. Above 300 `gp` is TPE here. */
const CASES: readonly (readonly [string, readonly number[]])[] = [
  ['random', [100, 1000, 10_000]],
  ['sobol', [100, 1000, 10_000]],
  ['tpe', [100, 1000, 10_000]],
  ['cma-es', [100, 1000, 10_000]],
  ['gp', [100, 260]],
  ['auto', [100, 1000, 10_000]],
];

const DIMENSIONS = Array.from(
  { length: 10 },
  (_, i): Dimension => ({ name: `x${i}`, kind: 'float', min: 0, max: 1, scale: 'linear' }),
);

/**
 * How long one suggestion takes, next to Optuna in the same run; a line per algorithm and number of
 * results. Both sides take turns, so that whatever else the machine does meets both.
 *
 * @param python Of the environment with Optuna; undefined = ours alone is measured.
 */
export async function* askLines(
  python: string | undefined,
): AsyncGenerator<Record<string, unknown>> {
  for (const [algorithm, sizes] of CASES) {
    for (const trials of sizes) {
      const theirs = await startOptuna(python, algorithm, trials);
      const ours = startOurs(algorithm, trials);
      const [own, other]: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        own.push(...ours(ASKS_PER_ROUND));
        if (theirs !== undefined) other.push(...(await theirs.ask(ASKS_PER_ROUND)));
      }
      theirs?.end();
      yield {
        ...{ bench: 'ask', algorithm, trials, asks: own.length },
        ...{ p50Ms: quantile(own, 0.5), p95Ms: quantile(own, 0.95) },
        optunaP50Ms: other.length === 0 ? null : quantile(other, 0.5),
        optunaP95Ms: other.length === 0 ? null : quantile(other, 0.95),
        load: Number(loadavg()[0]?.toFixed(1)),
      };
    }
  }
}

function startOurs(algorithm: string, trials: number): (asks: number) => number[] {
  const space = compileSpace(DIMENSIONS);
  const problem: Problem = { space, goal: 'minimize', algorithm, seed: 1, maxTrials: trials };
  const source: Problem = { ...problem, algorithm: 'random', seed: 7 };
  const entries = Array.from({ length: trials }, (_, index) => {
    return entryOf(index, suggest(source, EMPTY_HISTORY, index));
  });
  const ask = () => suggest(problem, { entries, running: [] }, entries.length);
  // Compiled as it is after a while.
  for (let i = 0; i < 8; i++) ask();
  return (asks) =>
    Array.from({ length: asks }, () => {
      const begun = performance.now();
      const suggestion = ask();
      const ms = performance.now() - begun;
      entries.push(entryOf(entries.length, suggestion));
      return ms;
    });
}

function entryOf(index: number, suggestion: ReturnType<typeof suggest>): HistoryEntry {
  if (suggestion.kind === 'exhausted') throw new Error(suggestion.reason);
  const { configuration } = suggestion;
  const value = Object.values(configuration).reduce<number>(
    (sum, x) => sum + (Number(x) - 0.3) ** 2,
    0,
  );
  return { index, configuration, outcome: 'succeeded', value };
}

interface Contestant {
  ask(asks: number): Promise<number[]>;
  end(): void;
}

/** Undefined where Optuna has no such sampler, or lacks what it needs; stderr says which. */
async function startOptuna(
  python: string | undefined,
  algorithm: string,
  trials: number,
): Promise<Contestant | undefined> {
  if (python === undefined || algorithm === 'auto') return undefined;
  const child = spawn(python, [SCRIPT, algorithm, String(trials)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1', PYTHONWARNINGS: 'ignore' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`Optuna ended at ${algorithm} ${trials}`);
    return JSON.parse(value);
  };
  const hello = await read();
  if (hello.missing !== undefined) {
    process.stderr.write(`no ${algorithm} of Optuna: ${hello.missing}\n`);
    return undefined;
  }
  return {
    ask: async (asks) => {
      child.stdin.write(`${asks}\n`);
      return await read();
    },
    end: () => child.stdin.end(),
  };
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1);
  return Number((sorted[Math.max(0, at)] as number).toFixed(3));
}
