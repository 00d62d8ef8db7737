import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Experiment, type ExperimentPhase, isTerminalExperiment } from '@espalier/api';

/**
 * `make demo`: real images, a real sweep, the best model scored on labels it never saw. Each step is
 * a command that a user can type; it is printed before it runs. The last line of stdout is one JSON
 * object with the results.
 */

const ROOT = resolve(import.meta.dirname, '..');
const ESPALIER = ['cli/bin/espalier'];
const MANIFEST = 'manifests/samples/digits-sweep.yaml';
const EXPERIMENT = 'digits';
const STATE = join(ROOT, '.espalier', 'demo');
const CACHE =
  process.env['ESPALIER_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'espalier');
const DATA = join(CACHE, 'datasets', 'digits');

interface Best {
  readonly trial: string;
  readonly value: number;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly checkpoint: string;
  readonly metricsCsv: string;
  readonly trialsCsv: string;
  readonly submissionCsv: string;
}

const startedMs = Date.now();

await step('data set', ['trainer-image/bin/espalier-train', 'data', 'digits', DATA]);
await startAnewIfFinished();
await step('sweep', [...ESPALIER, 'run', '-f', MANIFEST, '--dir', STATE, '--data', DATA]);
const best = JSON.parse(
  await output([...ESPALIER, 'best', EXPERIMENT, '--dir', STATE, '--json']),
) as Best;
const truth = join(DATA, 'test_truth.csv');
const { accuracy } = JSON.parse(
  await output(['trainer-image/bin/espalier-train', 'score', best.submissionCsv, truth]),
) as { accuracy: number };
const trials = readTrials(best.trialsCsv);
report(best, accuracy);
process.stdout.write(
  `${JSON.stringify({
    bestTrial: best.trial,
    validAcc: best.value,
    testAcc: accuracy,
    checkpoint: best.checkpoint,
    metricsCsv: best.metricsCsv,
    trialsCsv: best.trialsCsv,
    submissionCsv: best.submissionCsv,
    trials: trials.count,
    wallSeconds: round((Date.now() - startedMs) / 1000),
    trialSeconds: round(trials.seconds),
  })}\n`,
);

/** A demo that was interrupted goes on; one that ended makes room for a new one. */
async function startAnewIfFinished(): Promise<void> {
  if (!existsSync(STATE)) return;
  const text = await output([...ESPALIER, 'get', EXPERIMENT, '--dir', STATE, '--json'], [0, 3]);
  const phase = text === '' ? 'unknown' : ((JSON.parse(text) as Experiment).status?.phase ?? '');
  if (isTerminalExperiment(phase as ExperimentPhase)) rmSync(STATE, { recursive: true });
  else say('an earlier demo was interrupted: going on with it');
}

function report(best: Best, accuracy: number): void {
  const rows: [string, string][] = [
    ['best trial', best.trial],
    ['parameters', formatParameters(best.parameters)],
    ['valid accuracy', best.value.toFixed(4)],
    ['test accuracy', `${accuracy.toFixed(4)} (submission.csv against the held-back labels)`],
    ['checkpoint', best.checkpoint],
    ['metrics.csv', best.metricsCsv],
    ['trials.csv', best.trialsCsv],
    ['submission.csv', best.submissionCsv],
  ];
  process.stdout.write('\n');
  for (const [name, text] of rows) process.stdout.write(`${name.padEnd(16)}${text}\n`);
}

function formatParameters(parameters: Best['parameters']): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function readTrials(file: string): { count: number; seconds: number } {
  const [header = '', ...rows] = readFileSync(file, 'utf8').trimEnd().split('\n');
  const column = header.split(',').indexOf('seconds');
  const seconds = rows.reduce((sum, row) => sum + Number(row.split(',')[column]), 0);
  return { count: rows.length, seconds };
}

async function step(name: string, command: readonly string[]): Promise<void> {
  const begin = Date.now();
  say(`${name}: ${command.map((word) => word.replace(`${ROOT}/`, '')).join(' ')}`);
  await run(command, 'inherit');
  say(`${name}: ${((Date.now() - begin) / 1000).toFixed(1)} s`);
}

function output(command: readonly string[], expected: readonly number[] = [0]): Promise<string> {
  return run(command, 'pipe', expected);
}

function run(
  command: readonly string[],
  stdout: 'inherit' | 'pipe',
  expected: readonly number[] = [0],
): Promise<string> {
  const [program = '', ...args] = command;
  return new Promise((resolveRun, reject) => {
    const child = spawn(join(ROOT, program), args, {
      cwd: ROOT,
      stdio: ['inherit', stdout, 'inherit'],
    });
    // Ctrl-C reaches the child too, which saves and explains; this process only waits for it.
    const wait = (): void => {};
    process.on('SIGINT', wait);
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      process.off('SIGINT', wait);
      if (code !== null && expected.includes(code)) resolveRun(text);
      else process.exit(code ?? 1);
    });
  });
}

function say(text: string): void {
  process.stderr.write(`demo: ${text}\n`);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
