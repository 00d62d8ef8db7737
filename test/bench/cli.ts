import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { endedTrial, experiment } from '../../cli/src/testing/objects.ts';

/**
 * `make bench-cli`: how long a person waits for the command line: `--help`, `list` of 1,000 Experiments and
 * `trials` of 10,000 Trials in folders of this machine, each the median of whole processes, and the most
 * memory that one of them held. One JSON line on stdout, progress on stderr.
 */

const ESPALIER = resolve(import.meta.dirname, '../../cli/bin/espalier');
const EXPERIMENTS = 1_000;
const TRIALS = 10_000;
const RUNS = 9;

const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-cli-'));
/** Writes what the process has used when it ends. */
const meter = join(folder, 'meter.mjs');
const measured = join(folder, 'usage.json');
try {
  writeFileSync(
    meter,
    `import { writeFileSync } from 'node:fs';
process.on('exit', () => writeFileSync(${JSON.stringify(measured)}, JSON.stringify(process.resourceUsage())));\n`,
  );
  const many = join(folder, 'many');
  const large = join(folder, 'large');
  say(`${EXPERIMENTS} Experiments, ${TRIALS} Trials`);
  for (let index = 0; index < EXPERIMENTS; index++) {
    writeExperiment(many, `sweep-${String(index).padStart(4, '0')}`);
  }
  writeExperiment(large, 'digits');
  writeTrials(large);

  const help = measure(['--help']);
  const list = measure(['list', '--dir', many], EXPERIMENTS);
  const trials = measure(['trials', 'digits', '--dir', large], TRIALS);
  const line = {
    bench: 'cli',
    helpMs: help.ms,
    list1000Ms: list.ms,
    trials10000Ms: trials.ms,
    rssMB: Math.max(help.rssMB, list.rssMB, trials.rssMB),
    // What other work on the machine cannot make longer.
    cpuMs: { help: help.cpuMs, list1000: list.cpuMs, trials10000: trials.cpuMs },
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @param rows How many lines it must at least print: a quick error is no success. */
function measure(
  words: readonly string[],
  rows = 0,
): { readonly ms: number; readonly cpuMs: number; readonly rssMB: number } {
  const times: number[] = [];
  // The first one fills the compile cache.
  for (let run = 0; run <= RUNS; run++) {
    const startMs = performance.now();
    const ran = spawnSync(ESPALIER, words, { encoding: 'utf8', maxBuffer: 1 << 28 });
    const tookMs = performance.now() - startMs;
    if (ran.status !== 0 || ran.stdout.split('\n').length < rows) {
      throw new Error(`espalier ${words.join(' ')}: ${ran.status} ${ran.stderr}`);
    }
    if (run > 0) times.push(tookMs);
  }
  // With the meter: a run of its own, whose time does not count.
  spawnSync(ESPALIER, words, {
    env: { ...process.env, NODE_OPTIONS: `--import=${meter}` },
    maxBuffer: 1 << 28,
  });
  const usage: NodeJS.ResourceUsage = JSON.parse(readFileSync(measured, 'utf8'));
  const rssMB = Math.round(usage.maxRSS / 1024);
  const cpuMs = Math.round((usage.userCPUTime + usage.systemCPUTime) / 1000);
  const ms = Math.round(times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN);
  say(`espalier ${words[0]}: median ${ms} ms of ${RUNS}, ${cpuMs} ms of CPU, ${rssMB} MB`);
  return { ms, cpuMs, rssMB };
}

function writeExperiment(dir: string, name: string): void {
  const path = join(dir, 'objects/default', name);
  mkdirSync(path, { recursive: true });
  const object = experiment({ name, status: { phase: 'Running', progress: '3/6' } });
  writeFileSync(join(path, 'experiment.json'), JSON.stringify(object));
}

function writeTrials(dir: string): void {
  const path = join(dir, 'objects/default/digits/trials');
  mkdirSync(path, { recursive: true });
  const owner = {
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Experiment',
    name: 'digits',
    uid: 'uid-digits',
    controller: true,
  };
  for (let index = 0; index < TRIALS; index++) {
    const { trial } = endedTrial(index, 0.5 + (index % 997) / 2000);
    const metadata = { ...trial.metadata, ownerReferences: [owner] };
    const text = JSON.stringify({ ...trial, metadata });
    writeFileSync(join(path, `${String(index).padStart(5, '0')}.json`), text);
  }
}

function say(line: string): void {
  process.stderr.write(`bench-cli: ${line}\n`);
}
