import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Experiment, experimentSchema, type Trial } from '@espalier/api';
import {
  type LocalOptions,
  type LocalRunner,
  type LocalTuning,
  startRunner,
} from '@espalier/controller/local';

/** Everything at its real size, not scaled to the patience of a developer. */
export const TEST_ALL = process.env['ESPALIER_TEST_ALL'] === '1';

const PROGRAMS = join(import.meta.dirname, 'programs');
export const TRAINER = join(PROGRAMS, 'trainer.ts');
export const QUICK_TRAINER = join(PROGRAMS, 'quick-trainer.sh');
const RUNNER = join(PROGRAMS, 'runner.ts');

/** A folder of one test, which goes with it. */
export interface Place {
  readonly dir: string;
  readonly ledger: string;
  readonly root: string;
}

export function newPlace(t: TestContext, root?: string): Place {
  const made = mkdtempSync(join(root ?? tmpdir(), 'espalier-local-'));
  t.after(() => rmSync(made, { recursive: true, force: true, maxRetries: 5 }));
  const ledger = join(made, 'ledger');
  writeFileSync(ledger, '');
  return { dir: join(made, 'dir'), ledger, root: made };
}

type Spec = Record<string, unknown>;

/** An Experiment that runs the scriptable trainer, one trial per mode. */
export function experimentOf(
  place: Place,
  name: string,
  modes: readonly string[],
  spec: Spec = {},
  fixed: readonly object[] = [],
): Experiment {
  return specOf(name, {
    parameters: [{ name: 'mode', string: { values: modes } }, ...fixed],
    search: { algorithm: 'grid' },
    trials: { max: modes.length, parallel: 2, maxFailed: 100 },
    trainer: {
      command: [process.execPath, '--disable-warning=ExperimentalWarning', TRAINER],
      args: [place.ledger],
      gracePeriod: '2s',
    },
    ...spec,
  });
}

/** An Experiment with these fields, the rest being what most tests want. */
export function specOf(name: string, spec: Spec): Experiment {
  return experimentSchema.parse({
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Experiment',
    metadata: { namespace: 'default', name },
    spec: { objective: { metric: 'acc', goal: 'maximize' }, ...spec },
  });
}

export async function runnerOf(
  t: TestContext,
  place: Place,
  options: Partial<LocalOptions> = {},
  tuning: LocalTuning = {},
): Promise<LocalRunner> {
  const runner = await startRunner(
    { dir: place.dir, trainerCommand: [], allowCpu: true, ...options },
    { orphanGraceMs: 2000, ...tuning },
  );
  t.after(() => runner.kill());
  return runner;
}

/** Applies it and waits for its end; fails the test after a minute. */
export async function runToEnd(runner: LocalRunner, experiment: Experiment): Promise<Experiment> {
  await runner.apply(experiment);
  const signal = AbortSignal.timeout(60_000);
  return runner.finished(experiment.metadata, { signal });
}

export async function trialsOf(runner: LocalRunner, experiment: Experiment): Promise<Trial[]> {
  return (await runner.trials(experiment.metadata)).map(({ trial }) => trial);
}

/** `<phase> <reason>` of each trial, by the mode that it ran. */
export function endings(trials: readonly Trial[]): Record<string, string> {
  return Object.fromEntries(
    trials.map(({ spec, status }) => [
      spec.parameters.find(({ name }) => name === 'mode')?.string ?? String(spec.index),
      `${status?.phase} ${status?.reason}`,
    ]),
  );
}

export interface LedgerLine {
  readonly word: string;
  readonly trial: string;
  readonly attempt: number;
  readonly pid: number;
  readonly more: readonly string[];
}

export function readLedger(place: Place): LedgerLine[] {
  return readFileSync(place.ledger, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [word = '', trial = '', attempt, pid, ...more] = line.trim().split(' ');
      return { word, trial, attempt: Number(attempt), pid: Number(pid), more };
    });
}

/** Processes whose environment or command line names the test's folder. */
export function processesIn(place: Place): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const isZombie = stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
        return !isZombie && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(place.root);
      } catch {
        return false;
      }
    });
}

export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export interface RunnerProcess {
  readonly child: ChildProcess;
  /** Its lines so far, parsed. */
  readonly lines: readonly Record<string, unknown>[];
  readonly stderr: () => string;
  /** Exit code or signal. */
  readonly ended: Promise<number | string>;
}

/** The runner as a process of its own. */
export function spawnRunner(
  t: TestContext,
  place: Place,
  experiment: Experiment,
  env: Readonly<Record<string, string>> = {},
): RunnerProcess {
  const manifest = join(place.root, 'experiment.json');
  writeFileSync(manifest, JSON.stringify(experiment));
  const child = spawn(
    process.execPath,
    ['--conditions=@espalier/source', RUNNER, place.dir, manifest],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: join(tmpdir(), 'espalier-test-compile-cache'),
        ...env,
      },
    },
  );
  t.after(() => child.kill('SIGKILL'));
  const limit = setTimeout(() => child.kill('SIGABRT'), 60_000);
  const lines: Record<string, unknown>[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part));
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      resolve(code ?? signal ?? 'unknown');
    });
  });
  return { child, lines, stderr: () => errors, ended };
}
