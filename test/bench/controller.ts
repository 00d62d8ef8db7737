import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeNamespace } from '../integration/k8s/objects.ts';
import { PodWatch } from '../kit/pod-watch.ts';
import { CASES, type Case, scaled } from './controller-cases.ts';
import { Experiments, NAMESPACE } from './controller-experiments.ts';
import { Floor } from './controller-floor.ts';
import { loadNow, loadText } from './controller-load.ts';
import { countRequests, describeRequests, difference, quantile } from './controller-metrics.ts';
import { type BenchPlane, startController, startPlane } from './controller-rig.ts';

/**
 * `make bench-controller`: the controller as a program on a real control plane with fake nodes, all on
 * this machine. Each case has a control plane and a controller of its own; beside the instant pods a
 * plain loop makes bare pods, before and after, with as many in flight. One JSON line per case on
 * stdout, progress on stderr.
 */

const { values: flags } = parseArgs({
  options: {
    case: { type: 'string' },
    experiments: { type: 'string' },
    scale: { type: 'string', default: '1' },
    search: { type: 'string', default: 'random' },
    'cpu-prof': { type: 'string' },
    controller: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});

let saidAt = 0;
const cancelled = new Set<Case>();
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stop.abort(new Error(`ended by ${signal}`)));
}

if (flags.help) {
  process.stdout.write(`test/bench/controller.ts [flags]
  --case NAME     only ${[...new Set(CASES.map(({ name }) => name))].join(', ')}
  --experiments N only the cases with so many
  --scale N       so many times the trials: 0.1 for a quick try
  --search NAME   search algorithm (random)
  --cpu-prof DIR  write a CPU profile of the controller there
  --controller=--FLAG=VALUE  a flag for the controller; repeatable
`);
} else {
  const { case: only, experiments } = flags;
  const wanted = CASES.filter(
    (one) =>
      (only === undefined || only === one.name) &&
      (experiments === undefined || Number(experiments) === one.experiments),
  );
  if (wanted.length === 0) throw new Error('there is no such case');
  try {
    for (const one of wanted) await runCase(scaled(one, Number(flags.scale)));
  } catch (error) {
    say(String(error instanceof Error ? error.message : error));
    process.exitCode = 1;
  }
}

async function runCase(one: Case): Promise<void> {
  say(`${one.name}: ${one.experiments} x ${one.trials} trials, ${one.parallel} at once each`);
  const { plane, kwok } = await startPlane(one.runFor);
  try {
    const line = await Promise.race([measure(one, { plane, kwok }), aborted(stop.signal)]);
    process.stdout.write(`${JSON.stringify(line)}\n`);
  } finally {
    await plane.stop();
  }
}

async function measure(one: Case, { plane, kwok }: BenchPlane): Promise<object> {
  const { client } = plane;
  const flying = one.experiments * one.parallel;
  const pods = new PodWatch(client);
  const watching = new AbortController();
  const failed = pods.run(watching.signal).then(() => new Promise<never>(() => {}));
  failed.catch(() => {});
  const floor = new Floor(client, pods);
  await makeNamespace(client, NAMESPACE);
  if (one.floor > 0) say('  a plain loop with bare pods');
  await floor.run(Math.ceil(one.floor / 2), flying);
  const profile = flags['cpu-prof'];
  const controller = await startController(plane, {
    node: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
    controller: flags.controller,
  });

  const before = await controller.readings();
  const cpuBefore = controller.cpuSeconds();
  const pids = { kwok: kwok.process.pid, bench: process.pid, controller: controller.pid };
  const loadBefore = loadNow(plane, pids);
  const began = performance.now();
  const experiments = new Experiments(client, one);
  const ended = experiments.ended(() => watchOver(one, experiments, pods), watching.signal);
  ended.catch(() => {});
  await experiments.create(flags.search);
  await Promise.race([ended, failed, untilGone(controller.whyEnded, watching.signal)]);
  const seconds = (performance.now() - began) / 1000;
  const cpuSeconds = controller.cpuSeconds() - cpuBefore;
  const readings = difference(before, await controller.readings());
  const rssMB = controller.rssMB();
  say(`  ${seconds.toFixed(1)} s; CPU seconds: ${loadText(loadBefore, loadNow(plane, pids))}`);
  await controller.stop();
  if (one.floor > 0) say('  the plain loop once more');
  await floor.run(Math.floor(one.floor / 2), flying);
  watching.abort();

  const { counted, largestBytes } = experiments;
  const trials = one.experiments * one.trials;
  const problems = [
    ...(counted === trials ? [] : [`${counted} of ${trials} trials counted`]),
    ...(pods.created === trials ? [] : [`${pods.created} pods for ${trials} trials`]),
    ...(pods.twice.length === 0 ? [] : [`${pods.twice.length} attempts ran twice`]),
    ...(pods.largestPeak <= one.parallel ? [] : [`${pods.largestPeak} pods at once`]),
  ];
  if (problems.length > 0) throw new Error(`${one.name}: ${problems.join(', ')}`);
  const { reads, writes } = countRequests(readings);
  say(`  ${describeRequests(readings)}`);
  const turnarounds = [...pods.turnaroundsMs].sort((a, b) => a - b);
  const at = (q: number) => {
    const value = turnarounds[Math.floor((turnarounds.length - 1) * q)];
    return value === undefined ? null : round(value, 0);
  };
  return {
    bench: 'controller',
    case: one.name,
    trials,
    trialsPerSec: round(trials / seconds, 1),
    podsPerSecFloor: floor.podsPerSec === undefined ? null : round(floor.podsPerSec, 1),
    turnaroundP50Ms: at(0.5),
    turnaroundP99Ms: at(0.99),
    readsPerTrial: round(reads / trials, 3),
    writesPerTrial: round(writes / trials, 2),
    reconcileP99Ms: round(1000 * quantile(readings.reconciles, 0.99), 1),
    rssMB,
    cpuSeconds: round(cpuSeconds, 1),
    experimentBytes: largestBytes,
    experiments: one.experiments,
    peakPods: pods.peak,
  };
}

/** Says how far it is, and ends the wide case when all its pods are there. */
function watchOver(one: Case, experiments: Experiments, pods: PodWatch): void {
  if (performance.now() - saidAt > 5000) {
    saidAt = performance.now();
    say(`  ${experiments.counted} trials ended, ${pods.live} pods live`);
  }
  const isFull = pods.live >= one.experiments * one.trials;
  if (one.cancelAtPeak !== true || !isFull || cancelled.has(one)) return;
  cancelled.add(one);
  say('  all are there; cancelling');
  void experiments.cancel();
}

async function untilGone(whyEnded: () => string | undefined, signal: AbortSignal): Promise<never> {
  while (!signal.aborted) {
    const why = whyEnded();
    if (why !== undefined) throw new Error(why);
    await sleep(1000, undefined, { signal });
  }
  throw new Error('aborted');
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function say(text: string): void {
  process.stderr.write(`bench-controller: ${text}\n`);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
