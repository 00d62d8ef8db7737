/**
 * The search next to Optuna 5.0.0 in the same run: how long a suggestion takes, how good the best
 * configuration becomes, what early stopping saves on learning curves, and what a race over seeds finds
 * where the objective is noisy. JSON lines; docs/search.md says what they mean.
 *
 * BENCH_SEEDS seeds (default 50). The runs of the comparison with Optuna are shared out over as many
 * processes as there are cores (--jobs); an interrupted one goes on with --runs FILE. --first-seed N
 * compares other seeds, --algorithm NAME only that one; --plots FOLDER writes the curves of regret.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { askLines } from './search/ask.ts';
import { CONDITIONAL_TASKS } from './search/conditional.ts';
import { fidelityLines } from './search/fidelity.ts';
import { FUNCTION_TASKS } from './search/functions.ts';
import { startOptuna } from './search/optuna.ts';
import { pathologyLines } from './search/pathology.ts';
import { plotCurves } from './search/plot.ts';
import { type Contest, curvesOf, linesOf, runContest } from './search/quality.ts';
import { RunStore } from './search/run-store.ts';
import { seedsLines } from './search/seeds.ts';
import { tableTasks } from './search/tables.ts';

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    part: {
      type: 'string',
      multiple: true,
      default: ['ask', 'pathology', 'quality', 'fidelity', 'seeds'],
    },
    runs: { type: 'string' },
    'first-seed': { type: 'string', default: '1' },
    algorithm: { type: 'string', multiple: true, default: ['tpe', 'auto', 'gp'] },
    jobs: { type: 'string', default: String(availableParallelism()) },
    // Of the processes that share the runs out: which one this is.
    job: { type: 'string' },
    plots: { type: 'string' },
  },
});
// Empty where the environment cannot be made: then ours alone is measured.
const python = values.python === '' ? undefined : values.python;
const seeds = Number(process.env['BENCH_SEEDS'] ?? 50);
const curves = process.env['ESPALIER_TASKSET'];

if (python === undefined) note('no Optuna to compare with');
if (values.part.includes('ask')) for await (const line of askLines(python)) print(line);
if (values.part.includes('pathology')) for (const line of pathologyLines()) print(line);
if (values.part.includes('quality') && python !== undefined) await quality(python);
if (values.part.includes('seeds')) for (const line of seedsLines(seeds)) print(line);
if (values.part.includes('fidelity')) {
  if (curves === undefined) note('no learning curves: ESPALIER_TASKSET names no folder');
  else for (const line of fidelityLines(curves, seeds)) print(line);
}

async function quality(interpreter: string): Promise<void> {
  const folder = join(dirname(dirname(interpreter)), 'tables');
  const tables = existsSync(folder) ? tableTasks(folder) : [];
  const contests = contestsOf([...tables, ...CONDITIONAL_TASKS], seeds);
  if (values.job !== undefined) return runShare(interpreter, contests, Number(values.job));
  if (tables.length === 0) note('no tables: scripts/search/setup.sh did not make them');
  const scratch = mkdtempSync(join(tmpdir(), 'espalier-bench-search-'));
  const file = values.runs ?? join(scratch, 'runs.jsonl');
  await Promise.all(Array.from({ length: Number(values.jobs) }, (_, job) => startJob(job, file)));
  const store = new RunStore(file);
  const { version, end } = await startOptuna(interpreter);
  end();
  for (const contest of contests) {
    for (const line of linesOf(contest, store)) print({ ...line, optuna: version });
    if (values.plots !== undefined) plot(contest, store, values.plots);
  }
  rmSync(scratch, { recursive: true });
}

/** One process more, that adds its share of the runs to the file. */
async function startJob(job: number, file: string): Promise<void> {
  const { algorithm, jobs } = values;
  const flags = { python, part: 'quality', runs: file, job, jobs };
  const given = [
    ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
    `--first-seed=${values['first-seed']}`,
    ...algorithm.map((name) => `--algorithm=${name}`),
  ];
  const child = spawn(process.execPath, [...process.execArgv, import.meta.filename, ...given], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`process ${job} of the comparison ended with ${code}`);
}

async function runShare(
  interpreter: string,
  contests: readonly Contest[],
  job: number,
): Promise<void> {
  const store = new RunStore(values.runs);
  const optuna = await startOptuna(interpreter);
  for (const [i, contest] of contests.entries()) {
    await runContest(contest, store, optuna, { job, jobs: Number(values.jobs) });
    note(`process ${job}: ${i + 1} of ${contests.length} comparisons done`);
  }
  optuna.end();
}

/** A file for each family and number of workers: TPE next to Optuna's. */
function plot(contest: Contest, store: RunStore, folder: string): void {
  const { algorithm, versus, workers, tasks } = contest;
  if (algorithm !== 'tpe' || versus !== 'tpe') return;
  for (const family of new Set(tasks.map((task) => task.family))) {
    const [ours, theirs] = curvesOf(contest, family, store);
    const title = `${family}, ${workers === 1 ? 'one worker' : `${workers} workers`}: regret`;
    const drawn = plotCurves(title, [
      { label: 'tpe', colour: '#0b62a4', regrets: ours },
      { label: 'Optuna 5.0.0 TPE', colour: '#c0392b', regrets: theirs },
    ]);
    writeFileSync(join(folder, `${family}-${workers}.svg`), drawn);
  }
}

/**
 * TPE on everything, with half of the seeds on the functions, of which there are twenty; what fits
 * Gaussian processes with a fifth of the seeds.
 */
function contestsOf(tasks: Contest['tasks'], all: number): readonly Contest[] {
  const first = Number(values['first-seed']);
  const seedsUpTo = (count: number) => Array.from({ length: count }, (_, i) => first + i);
  const every = seedsUpTo(all);
  const half = seedsUpTo(Math.ceil(all / 2));
  const some = seedsUpTo(Math.ceil(all / 5));
  const everything = [...tasks, ...FUNCTION_TASKS];
  const smooth = FUNCTION_TASKS.filter(({ isSmooth }) => isSmooth);
  const versus = 'tpe';
  const contests: readonly Contest[] = [
    ...[1, 64].flatMap((workers) => [
      { algorithm: 'tpe', versus, workers, seeds: every, tasks } as const,
      { algorithm: 'tpe', versus, workers, seeds: half, tasks: FUNCTION_TASKS } as const,
      { algorithm: 'auto', versus, workers, seeds: some, tasks: everything } as const,
    ]),
    { algorithm: 'gp', versus, workers: 1, seeds: some, tasks: smooth },
    { algorithm: 'tpe', versus: 'tpe-group', workers: 1, seeds: every, tasks: CONDITIONAL_TASKS },
  ];
  return contests.filter(({ algorithm }) => values.algorithm.includes(algorithm));
}

function print(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
