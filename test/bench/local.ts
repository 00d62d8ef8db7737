import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Experiment, readManifests, type Trial } from '@espalier/api';
import { overhead } from './overhead.ts';

/**
 * `make bench-local`: what the local engine costs. The demo's sweep is run for the overhead, a
 * thousand trials of `true` for the throughput; each in a process of its own (`local-runner.ts`), so
 * that its memory and CPU are the runner's alone. One JSON line on stdout, progress on stderr.
 */

const ROOT = resolve(import.meta.dirname, '../..');
const INSTANT_TRIALS = 1000;
const INSTANT_PARALLEL = 4;

/** What `local-runner.ts` prints as its last line. */
interface RunnerReport {
  readonly wallMs: number;
  readonly runnerCpuMs: number;
  readonly rssMB: number;
  readonly fsyncMs: number;
  readonly writes: number;
  readonly trials: readonly Trial[];
}

const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-'));
try {
  const data = join(folder, 'digits');
  say('making the digits');
  await run('trainer-image/bin/espalier-train', ['data', 'digits', data]);

  say(`${INSTANT_TRIALS} instant trials, ${INSTANT_PARALLEL} at once`);
  const instant = await runExperiment(instantExperiment(), data);
  const instantTrialsPerSec = instant.trials.length / (instant.wallMs / 1000);

  say('the sweep of the demo');
  const digits = readExperiment(join(ROOT, 'manifests/samples/digits-sweep.yaml'));
  const demo = await runExperiment(digits, data);
  const { trialMs, gapMs } = overhead(demo.trials, digits.spec.trials.parallel);

  say('the trainer alone');
  const trainer = JSON.parse(lastLine(await runNode('trainer-image/src/bench.ts', []))) as Record<
    string,
    number
  >;

  const line = {
    bench: 'local',
    overheadPct: round((100 * (gapMs + demo.runnerCpuMs)) / trialMs, 2),
    instantTrialsPerSec: round(instantTrialsPerSec, 1),
    fsyncMs: round(instant.fsyncMs, 2),
    stepMs: trainer['stepMs'],
    imagesPerSec: trainer['imagesPerSec'],
    decodeImagesPerSec: trainer['decodeImagesPerSec'],
    rssMB: Math.max(demo.rssMB, instant.rssMB),
    demo: {
      trials: demo.trials.length,
      wallSeconds: round(demo.wallMs / 1000, 1),
      trialSeconds: round(trialMs / 1000, 1),
      gapSeconds: round(gapMs / 1000, 2),
      runnerCpuSeconds: round(demo.runnerCpuMs / 1000, 2),
      durableWrites: demo.writes,
    },
    instant: { trials: instant.trials.length, durableWrites: instant.writes, rssMB: instant.rssMB },
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function instantExperiment(): Experiment {
  const text = `
apiVersion: espalier.dev/v1alpha1
kind: Experiment
metadata: { name: instant }
spec:
  objective: { metric: none, goal: maximize }
  parameters: [{ name: x, float: { min: 0, max: 1 } }]
  trials: { max: ${INSTANT_TRIALS}, parallel: ${INSTANT_PARALLEL}, maxFailed: ${INSTANT_TRIALS} }
  trainer: { command: ["true"] }
`;
  return firstOf(text, 'instant.yaml');
}

function readExperiment(file: string): Experiment {
  return firstOf(readFileSync(file, 'utf8'), file);
}

function firstOf(text: string, name: string): Experiment {
  const { experiments, problems } = readManifests(text, name);
  const [experiment] = experiments;
  if (experiment === undefined) throw new Error(`${name}: ${JSON.stringify(problems)}`);
  return experiment;
}

async function runExperiment(experiment: Experiment, data: string): Promise<RunnerReport> {
  const state = join(folder, experiment.metadata.name);
  const args = [state, data, JSON.stringify(experiment)];
  const report = JSON.parse(lastLine(await runNode('test/bench/local-runner.ts', args)));
  if (existsSync(state)) rmSync(state, { recursive: true });
  return report as RunnerReport;
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

function runNode(script: string, args: readonly string[]): Promise<string> {
  return run(process.execPath, ['--conditions=@espalier/source', script, ...args]);
}

function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolveRun, reject) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolveRun(text);
      else reject(new Error(`${program} ended with exit code ${code}`));
    });
  });
}

function say(text: string): void {
  process.stderr.write(`bench-local: ${text}\n`);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
