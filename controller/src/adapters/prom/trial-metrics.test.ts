import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Experiment, Trial } from '@espalier/api';
import {
  experiment,
  experimentStatus,
  inPhase,
  NOW,
  running,
  trial,
} from '../../domain/testing/builders.ts';
import { formatTime } from '../../domain/time.ts';
import { emptyFold } from '../../domain/trial/feed-fold.ts';
import { viewOf } from '../../domain/trial/feed-trajectory.ts';
import type { FeedView } from '../../domain/trial/feed-view.ts';
import { TrialMetrics, type TrialMetricsOptions } from './trial-metrics.ts';

const clock = { now: () => NOW, monotonic: () => 0, sleep: async () => {} };

const NOTHING = viewOf(
  emptyFold({ metric: 'acc', goal: 'maximize', resource: 'epoch', milestones: [] }),
  0,
);

function reported(latest: Record<string, number>, more: Partial<FeedView> = {}): FeedView {
  const times = { firstReportMs: NOW - 5_000, lastReportMs: NOW };
  return { ...NOTHING, ...times, points: 3, lastStep: 30, lastEpoch: 2, latest, ...more };
}

interface World {
  experiments: Experiment[];
  trials: Trial[];
  views: Record<string, FeedView>;
}

function metricsOf(world: World, more: Partial<TrialMetricsOptions> = {}): TrialMetrics {
  const metrics = new TrialMetrics({
    source: {
      experiments: () => world.experiments,
      trialsOf: (uid) => world.trials.filter(({ metadata }) => ownerOf(metadata) === uid),
      viewOf: (uid) => world.views[uid],
    },
    clock,
    maxSeriesPerExperiment: 1_000,
    maxSeries: 10_000,
    parameters: false,
    ...more,
  });
  metrics.leads(true);
  return metrics;
}

function ownerOf(metadata: Trial['metadata']): string | undefined {
  return metadata.ownerReferences?.[0]?.uid;
}

/** The samples of the page, without what its families are. */
async function linesOf(metrics: TrialMetrics): Promise<string[]> {
  return (await metrics.render()).split('\n').filter((line) => /^[a-z]/.test(line));
}

const ONE: World = {
  experiments: [experiment({ search: { algorithm: 'tpe' } })],
  trials: [trial('a-00000', running())],
  views: { 'a-00000-uid': reported({ acc: 0.5 }, { best: { value: 0.75, step: 20, epoch: 1 } }) },
};

test('U13 a trial that reports is shown with its latest values, each family once', async () => {
  const page = await metricsOf(ONE).render();
  const own = 'namespace="team",experiment="a",trial="a-00000"';
  const expected = [
    `espalier_trial_metric{${own},metric="acc"} 0.5`,
    `espalier_trial_objective{${own}} 0.75`,
    `espalier_trial_step{${own}} 30`,
    `espalier_trial_epoch{${own}} 2`,
    `espalier_trial_last_report_timestamp_seconds{${own}} ${NOW / 1000}`,
    'espalier_experiment_info{namespace="team",experiment="a",metric="acc",goal="maximize",algorithm="tpe"} 1',
    'espalier_experiment_phase{namespace="team",experiment="a",phase="Pending"} 1',
    'espalier_experiment_max_configurations{namespace="team",experiment="a"} 4',
    'espalier_experiment_max_failed_configurations{namespace="team",experiment="a"} 3',
    'espalier_experiment_stall_deadline_seconds{namespace="team",experiment="a"} 3600',
    'espalier_series_dropped_total{namespace="team",experiment="a"} 0',
  ];
  const lines = page.trimEnd().split('\n');
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('#')).toSorted(),
    expected.toSorted(),
    page,
  );
  // A family is one group: its two comments, then its samples.
  const seen = new Set<string>();
  let family = '';
  for (const [at, line] of lines.entries()) {
    const [, keyword, name = ''] = /^# (HELP|TYPE) (\S+) \S/.exec(line) ?? [];
    if (keyword === 'HELP') {
      assert.ok(!seen.has(name), `${name} comes twice`);
      seen.add(name);
      family = name;
      assert.match(lines[at + 1] ?? '', new RegExp(`^# TYPE ${name} (gauge|counter)$`));
    } else if (keyword === undefined) {
      assert.ok(line.startsWith(`${family}{`), line);
    }
  }
});

test('the aggregates of an experiment come from its status', async () => {
  const status = experimentStatus({
    phase: 'Failed',
    completionTime: formatTime(NOW - 60_000),
    trials: {
      total: 5,
      pending: 1,
      starting: 0,
      running: 2,
      paused: 0,
      succeeded: 0,
      stopped: 1,
      failed: 1,
    },
    configurations: { created: 5, completed: 2, failed: 1, invalid: 0 },
    best: { trial: 'a-00001', configuration: 1, value: -0.5, step: 3, parameters: [] },
    conditions: [
      {
        type: 'Degraded',
        status: 'True',
        reason: 'x',
        message: '',
        lastTransitionTime: formatTime(NOW),
        observedGeneration: 1,
      },
    ],
  });
  const lines = await linesOf(metricsOf({ ...ONE, experiments: [experiment({}, status)] }));
  for (const line of [
    'espalier_experiment_phase{namespace="team",experiment="a",phase="Failed"} 1',
    'espalier_experiment_degraded{namespace="team",experiment="a"} 1',
    'espalier_experiment_trials{namespace="team",experiment="a",phase="Running"} 2',
    'espalier_experiment_trials{namespace="team",experiment="a",phase="Starting"} 0',
    'espalier_experiment_configurations{namespace="team",experiment="a",state="failed"} 1',
    'espalier_experiment_best_value{namespace="team",experiment="a"} -0.5',
  ]) {
    assert.ok(lines.includes(line), `${line}\n${lines.join('\n')}`);
  }
});

test('an experiment that ended an hour ago is no longer shown', async () => {
  const ended = (msAgo: number) =>
    experimentStatus({ phase: 'Succeeded', completionTime: formatTime(NOW - msAgo) });
  const shown = await linesOf(
    metricsOf({ ...ONE, experiments: [experiment({}, ended(3_599_000))] }),
  );
  assert.ok(shown.length > 0);
  assert.deepEqual(
    await linesOf(metricsOf({ ...ONE, experiments: [experiment({}, ended(3_601_000))] })),
    [],
  );
});

test('K7 values that are no numbers are written as Prometheus reads them', async () => {
  const latest = { a: Number.NaN, b: Infinity, c: -Infinity, d: 1e-9, e: 1.5e300, f: -0 };
  const lines = await linesOf(metricsOf({ ...ONE, views: { 'a-00000-uid': reported(latest) } }));
  const values = lines.flatMap(
    (line) => /metric="(.)"\} (\S+)/.exec(line)?.slice(1).join(' ') ?? [],
  );
  assert.deepEqual(values, ['a NaN', 'b +Inf', 'c -Inf', 'd 1e-9', 'e 1.5e+300', 'f 0']);
});

test('F14 hostile names are escaped; what cannot be told apart on the page is left out and counted', async () => {
  const latest = {
    'a"b\\c\nd': 1,
    ['x'.repeat(65_536)]: 2,
    '\ud800': 3,
    ['ü'.repeat(128)]: 4,
    ['__proto__']: 5,
  };
  const lines = await linesOf(metricsOf({ ...ONE, views: { 'a-00000-uid': reported(latest) } }));
  const names = lines.flatMap((line) => /metric=("(?:\\.|[^"\\])*")\} /.exec(line)?.[1] ?? []);
  assert.deepEqual(names, ['"a\\"b\\\\c\\nd"', `"${'ü'.repeat(128)}"`, '"__proto__"']);
  assert.ok(lines.includes('espalier_series_dropped_total{namespace="team",experiment="a"} 2'));
});

test('before the first point there is a time of the last report and no step', async () => {
  const view = reported({}, { points: 0, lastStep: 0, lastEpoch: 0 });
  const lines = await linesOf(metricsOf({ ...ONE, views: { 'a-00000-uid': view } }));
  const families = lines.flatMap((line) => /^espalier_trial_(\w+)/.exec(line)?.[1] ?? []);
  assert.deepEqual(families, ['last_report_timestamp_seconds']);
});

test('who waits at a rung or for a node, or has ended, is not late with a report', async () => {
  for (const phase of ['Pending', 'Starting', 'Paused', 'Stopped'] as const) {
    const lines = await linesOf(metricsOf({ ...ONE, trials: [trial('a-00000', inPhase(phase))] }));
    assert.ok(lines.some((line) => line.startsWith('espalier_trial_step')));
    assert.ok(!lines.some((line) => line.startsWith('espalier_trial_last_report')), phase);
  }
});

test('parameters are shown only if wanted, cut where they are long', async () => {
  const own = 'namespace="team",experiment="a",trial="a-00000"';
  const long = trial('a-00000', running(), (object) => ({
    ...object,
    spec: {
      ...object.spec,
      parameters: [
        { name: 'lr', float: 0.01 },
        { name: 's', string: 'y'.repeat(256) },
      ],
    },
  }));
  const world = { ...ONE, trials: [long] };
  const lines = await linesOf(metricsOf(world, { parameters: true }));
  const infos = lines.filter((line) => line.startsWith('espalier_trial_parameter_info'));
  assert.deepEqual(infos, [
    `espalier_trial_parameter_info{${own},parameter="lr",value="0.01"} 1`,
    `espalier_trial_parameter_info{${own},parameter="s",value="${'y'.repeat(127)}…"} 1`,
  ]);
  assert.ok(!(await metricsOf(world).render()).includes('parameter_info'));
});

test('F14 the caps hold, keep the trials with the lowest indices, and count what they leave out', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `a-${String(index).padStart(5, '0')}`);
  const views = Object.fromEntries(
    names.map((name) => [`${name}-uid`, reported({ acc: 1, loss: 2 })]),
  );
  const other = (object: Experiment): Experiment => ({
    ...object,
    metadata: { ...object.metadata, name: 'b', uid: 'b-uid' },
  });
  const world: World = {
    experiments: [experiment(), experiment({}, other)],
    trials: names.map((name) => trial(name, running())),
    views,
  };
  const capped = metricsOf(world, { maxSeriesPerExperiment: 50, maxSeries: 52 });
  for (const round of [1, 2]) {
    const lines = await linesOf(capped);
    const counters = lines.filter((line) => line.startsWith('espalier_series_dropped_total'));
    assert.equal(lines.length - counters.length, 52);
    // 5 of the experiment and 30 x 5 of its trials are wanted, 50 shown; then 3 of 5 have no room.
    assert.deepEqual(counters, [
      `espalier_series_dropped_total{namespace="team",experiment="a"} ${105 * round}`,
      `espalier_series_dropped_total{namespace="team",experiment="b"} ${3 * round}`,
    ]);
    const shown = new Set(lines.flatMap((line) => /trial="([^"]+)"/.exec(line)?.[1] ?? []));
    assert.deepEqual([...shown], names.slice(0, 9));
  }
});

test('F26 who does not lead shows nothing', async () => {
  const metrics = metricsOf(ONE);
  metrics.leads(false);
  assert.equal(await metrics.render(), '');
  metrics.leads(true);
  assert.notEqual(await metrics.render(), '');
});

test('while a page is made others get their turn, and who asks meanwhile gets that page', async () => {
  const names = Array.from({ length: 5_000 }, (_, index) => `a-${String(index).padStart(5, '0')}`);
  const world: World = {
    experiments: [experiment()],
    trials: names.map((name) => trial(name, running())),
    views: Object.fromEntries(names.map((name) => [`${name}-uid`, reported({ acc: 1, loss: 2 })])),
  };
  const metrics = metricsOf(world, { maxSeriesPerExperiment: 100_000, maxSeries: 100_000 });
  let turns = 0;
  const count = () => {
    turns += 1;
    immediate = setImmediate(count);
  };
  let immediate = setImmediate(count);
  const pages = await Promise.all([metrics.render(), metrics.render()]);
  clearImmediate(immediate);
  assert.ok(turns > 20, `${turns} turns`);
  assert.equal(pages[0], pages[1]);
  assert.equal(
    pages[0].split('\n').filter((line) => line.startsWith('espalier_trial_')).length,
    25_000,
  );
});
