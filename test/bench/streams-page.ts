import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Trial } from '@espalier/api';
import { Gauge, Registry } from 'prom-client';
import { TrialMetrics } from '../../controller/src/adapters/prom/trial-metrics.ts';
import { experiment, running, trial } from '../../controller/src/domain/testing/builders.ts';
import { emptyFold, type FeedFold, foldLine } from '../../controller/src/domain/trial/feed-fold.ts';
import { viewOf } from '../../controller/src/domain/trial/feed-trajectory.ts';
import { OBJECTIVE, pointOf } from './streams-points.ts';

/**
 * How long a page of 50,000 series keeps the event loop busy: our renderer, from the folds to the bytes,
 * and prom-client with as many gauges that are set already; by turns, in a process of its own. Prints
 * one JSON line.
 */

const TRIALS = 5_556;
const ROUNDS = 15;
/** Step, epoch, last report, objective; the rest are metrics. */
const FAMILIES = ['step', 'epoch', 'last_report', 'objective'] as const;

const trials: Trial[] = [];
const folds = new Map<string, FeedFold>();
for (let index = 0; index < TRIALS; index++) {
  const made = trial(`a-${String(index).padStart(5, '0')}`, running());
  trials.push(made);
  folds.set(
    made.metadata.uid,
    emptyFold({ metric: OBJECTIVE, goal: 'maximize', resource: 'epoch', milestones: [1, 4, 16] }),
  );
}
const sweep = experiment();
const ours = new TrialMetrics({
  source: {
    experiments: () => [sweep],
    trialsOf: () => trials,
    viewOf: (uid) => viewOf(folds.get(uid) as FeedFold, 0),
  },
  clock: { now: () => Date.now(), monotonic: () => performance.now(), sleep: async () => {} },
  maxSeries: 1e6,
  maxSeriesPerExperiment: 1e6,
  parameters: false,
});
ours.leads(true);

const registry = new Registry();
const labelNames = ['namespace', 'experiment', 'trial'] as const;
const metric = new Gauge({
  name: 'theirs_metric',
  help: 'A metric.',
  labelNames: [...labelNames, 'metric'],
  registers: [registry],
});
const gauges = FAMILIES.map(
  (name) => new Gauge({ name: `theirs_${name}`, help: name, labelNames, registers: [registry] }),
);

/** A new point of every trial, on both sides. */
function advance(seq: number): void {
  for (const [index, { metadata }] of trials.entries()) {
    const point = pointOf(index, seq);
    foldLine(folds.get(metadata.uid) as FeedFold, 0, { kind: 'points', points: [point] }, seq);
    const own = { namespace: 'team', experiment: 'a', trial: metadata.name };
    for (const gauge of gauges) gauge.set(own, point.step + seq / 7);
    for (const [name, value] of Object.entries(point.values)) {
      metric.set({ ...own, metric: name }, value);
    }
  }
}

interface Page {
  readonly busyMs: number;
  /** The same without the time that other processes took. */
  readonly cpuMs: number;
  /** The longest time in which nobody else got a turn. */
  readonly blockMs: number;
  readonly series: number;
}

async function measure(render: () => Promise<string>): Promise<Page> {
  let isDone = false;
  let blockMs = 0;
  const watching = (async () => {
    for (let turnMs = performance.now(); !isDone; ) {
      await nextTurn();
      const nowMs = performance.now();
      blockMs = Math.max(blockMs, nowMs - turnMs);
      turnMs = nowMs;
    }
  })();
  const before = performance.eventLoopUtilization();
  const cpuBefore = process.threadCpuUsage();
  const bytes = Buffer.from(await render());
  const busyMs = performance.eventLoopUtilization(before).active;
  const cpu = process.threadCpuUsage(cpuBefore);
  const cpuMs = (cpu.user + cpu.system) / 1000;
  isDone = true;
  await watching;
  return { busyMs, cpuMs, blockMs, series: bytes.toString().match(/^[a-z]/gm)?.length ?? 0 };
}

const pages: { ours: Page[]; theirs: Page[] } = { ours: [], theirs: [] };
for (let seq = 0; seq < 20; seq++) advance(seq);
for (let round = 0; round < ROUNDS; round++) {
  advance(20 + round);
  await nextTurn();
  pages.ours.push(await measure(() => ours.render()));
  await nextTurn();
  pages.theirs.push(await measure(() => registry.metrics()));
}
const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const of = (all: Page[], name: keyof Page): number => median(all.map((page) => page[name]));
process.stdout.write(
  `${JSON.stringify({
    series: of(pages.ours, 'series'),
    seriesPromClient: of(pages.theirs, 'series'),
    scrapeBlockedMs: of(pages.ours, 'busyMs'),
    scrapeLongestTurnMs: of(pages.ours, 'blockMs'),
    scrapeCpuMs: of(pages.ours, 'cpuMs'),
    scrapeBlockedMsPromClient: of(pages.theirs, 'busyMs'),
    scrapeCpuMsPromClient: of(pages.theirs, 'cpuMs'),
  })}\n`,
);
