import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { decodeImage } from '../data/decode.ts';
import { listImages } from '../data/image-files.ts';
import { Contestant, type Start } from './contestant.ts';
import { findPython, NO_PYTHON, printLine, runPython } from './python.ts';

/**
 * `make bench-trainer`: the whole network's step here, in PyTorch, Keras and a TensorFlow graph, a step
 * of each in turn, then decoding against Pillow. JSON lines on stdout. ESPALIER_BENCH_ROUNDS,
 * ESPALIER_BENCH_BATCHES (16,64), ESPALIER_BENCH_SIDE (128) and ESPALIER_BENCH_THREADS (1) change it.
 */

const setting = (name: string, fallback: string): string =>
  process.env[`ESPALIER_BENCH_${name}`] ?? fallback;
const THREADS = Number(setting('THREADS', '1'));
const SIDE = Number(setting('SIDE', '128'));
const BATCHES = setting('BATCHES', '16,64').split(',').map(Number);
const ROUNDS = Number(setting('ROUNDS', '5'));
const DECODE_ROUNDS = 5;
/** What torch gains from: no memory maps to give back, so none to fault in again. */
const TUNED_MALLOC = {
  MALLOC_MMAP_MAX_: '0',
  MALLOC_TRIM_THRESHOLD_: String(2 ** 34),
  MALLOC_TOP_PAD_: String(2 ** 28),
};

// As a decode worker has it: one thread for an image.
sharp.concurrency(1);
sharp.cache(false);

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const python = findPython('torch', 'keras', 'tensorflow', 'PIL');
if (python === undefined) {
  printLine({ bench: 'trainer', skipped: NO_PYTHON });
  printLine({ bench: 'decode', skipped: NO_PYTHON });
} else {
  for (const batch of BATCHES) await compareSteps(python, batch);
  await compareDecoding(python);
}

async function compareSteps(interpreter: string, batch: number): Promise<void> {
  const sizes = [batch, SIDE, THREADS].map(String);
  const threads = { OMP_NUM_THREADS: String(THREADS), MKL_NUM_THREADS: String(THREADS) };
  const server = script('../../../scripts/parity/step_server.py');
  const theirs = (name: string, kind: string, more = {}): Start => ({
    name,
    command: interpreter,
    args: [server, kind, ...sizes],
    environment: { ...threads, ...more },
  });
  const ours = {
    name: 'ours',
    command: process.execPath,
    args: ['--conditions=@espalier/source', script('./step-server.ts'), ...sizes],
    environment: threads,
  };
  const all = [
    ours,
    theirs('torch', 'torch'),
    theirs('torchTuned', 'torch', TUNED_MALLOC),
    theirs('keras', 'keras'),
    theirs('graph', 'graph'),
  ];
  const contestants: Contestant[] = [];
  // One after the other, so that no warm-up disturbs another one's.
  for (const start of all) {
    process.stderr.write(`bench-trainer: batch ${batch}, starting ${start.name}\n`);
    const contestant = new Contestant(start);
    await contestant.ready();
    contestants.push(contestant);
  }
  for (let round = 0; round < ROUNDS; round++) {
    process.stderr.write(`bench-trainer: batch ${batch}, round ${round + 1} of ${ROUNDS}\n`);
    for (const contestant of contestants) await contestant.step();
  }
  for (const contestant of contestants) contestant.end();
  const ms = Object.fromEntries(contestants.map(({ name, medianMs }) => [name, medianMs]));
  const ratio = (name: string): number => round3((ms['ours'] ?? Number.NaN) / (ms[name] ?? 0));
  printLine({
    bench: 'trainer',
    case: `full network, ${SIDE}x${SIDE}, ${THREADS} thread`,
    batch,
    oursMs: ms['ours'],
    torchMs: ms['torch'],
    torchTunedMs: ms['torchTuned'],
    kerasMs: ms['keras'],
    graphMs: ms['graph'],
    ratioTorch: ratio('torch'),
    ratioTorchTuned: ratio('torchTuned'),
    ratioKeras: ratio('keras'),
    ratioGraph: ratio('graph'),
    cpuMs: Object.fromEntries(contestants.map(({ name, medianCpuMs }) => [name, medianCpuMs])),
    peakRssMB: contestants[0]?.peakRssMB,
    peakRssMBs: Object.fromEntries(contestants.map(({ name, peakRssMB }) => [name, peakRssMB])),
    versions: contestants.map(({ version }) => version),
    rounds: ROUNDS,
  });
}

/**
 * One image after the other, here and in a Pillow process in turn, on photographs of 512 x 450; neither
 * counts its start.
 */
async function compareDecoding(interpreter: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-decode-'));
  try {
    runPython(interpreter, 'pillow.py', ['speedset', folder]);
    const files = listImages(folder) ?? [];
    const rates: { ours: number[]; pillow: number[] } = { ours: [], pillow: [] };
    for (const { path } of files.slice(0, 50)) await decodeImage(path, SIDE, 'exact');
    const cpu: { ours: number[]; pillow: number[] } = { ours: [], pillow: [] };
    for (let round = 0; round < DECODE_ROUNDS; round++) {
      const [began, used] = [performance.now(), process.cpuUsage()];
      for (const { path } of files) await decodeImage(path, SIDE, 'exact');
      const { user, system } = process.cpuUsage(used);
      rates.ours.push((1000 * files.length) / (performance.now() - began));
      cpu.ours.push((user + system) / 1000 / files.length);
      const theirs = JSON.parse(
        runPython(interpreter, 'pillow.py', ['speed', folder, String(SIDE)]),
      );
      rates.pillow.push(theirs.perSec);
      cpu.pillow.push(theirs.cpuMs);
    }
    const median = (values: number[]): number => values.toSorted((a, b) => a - b)[2] ?? Number.NaN;
    const [ours, pillow] = [median(rates.ours), median(rates.pillow)];
    printLine({
      bench: 'decode',
      images: readdirSync(folder).length,
      oursPerSec: Math.round(ours),
      pillowPerSec: Math.round(pillow),
      ratio: round3(ours / pillow),
      oursCpuMs: round3(median(cpu.ours)),
      pillowCpuMs: round3(median(cpu.pillow)),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
