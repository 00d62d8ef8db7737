import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Trial } from '@espalier/api';
import { type Prometheus, promtool, whyNoPrometheus } from '../../kit/prometheus.ts';
import { nextScrape, numberOf, podName, scrape } from './scraping.ts';
import { Stage } from './stage.ts';

const HOSTILE = [
  'a"b\\c\nd',
  '{x="y"} 1',
  '\u0000\u0007\u001b[2J\r',
  '\\n',
  '名前/損失',
  '\u{1f600}'.repeat(31),
  'x'.repeat(63),
  '__name__',
  '__proto__',
];

describe('a page of live trials in a real Prometheus', { skip: whyNoPrometheus() }, () => {
  const stage = new Stage();
  const other = new Stage();
  other.leads(false);
  let prometheus: Prometheus;
  before(async () => {
    prometheus = await scrape([stage, other]);
  });
  after(async () => {
    await prometheus?.stop();
    await stage.close();
    await other.close();
  });

  test('U13 F14 every value of the fold is in Prometheus, NaN and infinities and hostile names too', async (t) => {
    const trials: Trial[] = [];
    for (const namespace of ['team-a', 'team-b']) {
      const owner = stage.addExperiment(namespace, 'digits');
      for (let index = 0; index < 20; index++) trials.push(stage.addTrial(owner, index));
    }
    const special = [Number.NaN, Infinity, -Infinity, -0, 5e-324, Number.MAX_VALUE, 0.1 + 0.2];
    let wrong = 0;
    let compared = 0;
    for (const seq of [0, 1, 2]) {
      for (const [index, trial] of trials.entries()) {
        const names = ['loss', 'acc', ...HOSTILE];
        const values = names.map((name, at): [string, number] => [
          name,
          special[(index + at + seq) % special.length] as number,
        ]);
        stage.report(trial, seq, Object.fromEntries(values));
      }
      await nextScrape(prometheus);
      const samples = await prometheus.query('espalier_trial_metric');
      const seen = new Map(
        samples.map(({ labels, value }) => [
          JSON.stringify([labels['namespace'], labels['trial'], labels['metric']]),
          { value, labels },
        ]),
      );
      assert.equal(seen.size, samples.length, 'no two series are the same');
      for (const { metadata } of trials) {
        for (const [name, value] of Object.entries(stage.view(metadata.uid)?.latest ?? {})) {
          const found = seen.get(JSON.stringify([metadata.namespace, metadata.name, name]));
          compared += 1;
          if (found === undefined || !Object.is(numberOf(found.value) + 0, value + 0)) wrong += 1;
        }
      }
      assert.equal(samples.length, trials.length * (2 + HOSTILE.length));
    }
    assert.equal(wrong, 0);
    const exported = await prometheus.query('{exported_namespace!=""}');
    assert.deepEqual(exported, [], 'the namespace of a series is that of its Experiment');
    const steps = await prometheus.query('espalier_trial_step{namespace="team-b"}');
    assert.deepEqual(new Set(steps.map(({ value }) => value)), new Set(['20']));
    t.diagnostic(`U13 compared ${compared} values of ${trials.length} trials, wrong ${wrong}`);
  });

  test('every family has its name, type and help as promtool wants them', async () => {
    const { output } = promtool(['check', 'metrics'], await stage.page());
    // What remains are names of prom-client's own numbers of the process.
    assert.deepEqual(
      output.split('\n').filter((line) => /espalier|error/i.test(line)),
      [],
    );
  });

  test('F26 the last values of a trial are seen after its end, and are stale after the grace', async (t) => {
    const owner = stage.addExperiment('team-c', 'ending');
    const [ending, going] = [stage.addTrial(owner, 0), stage.addTrial(owner, 1)];
    const seen = async () =>
      (await prometheus.query('espalier_trial_metric{namespace="team-c"}'))
        .map(({ labels, value }) => `${labels['trial']} ${value}`)
        .toSorted();
    stage.report(ending, 0, { acc: 0.5 });
    stage.report(going, 0, { acc: 0.25 });
    await nextScrape(prometheus);
    assert.deepEqual(await seen(), ['ending-00000 0.5', 'ending-00001 0.25']);
    // Reported and ended before Prometheus could look.
    stage.report(ending, 1, { acc: 0.75 });
    stage.lastViews.forget(ending.metadata.uid);
    stage.graceClockMs += 59_999;
    for (let round = 0; round < 2; round++) {
      await nextScrape(prometheus);
      assert.deepEqual(await seen(), ['ending-00000 0.75', 'ending-00001 0.25']);
    }
    stage.graceClockMs += 1;
    await nextScrape(prometheus);
    assert.deepEqual(await seen(), ['ending-00001 0.25'], 'stale at once, not after five minutes');
    const left = await prometheus.query('{trial="ending-00000"}');
    assert.deepEqual(left, []);
    t.diagnostic('F26 the last value was scraped twice after the end, then 0 series were left');
  });

  test('F26 while the leader changes no trial has two values', async (t) => {
    const owner = other.addExperiment('team-a', 'digits');
    const [trial] = [other.addTrial(owner, 0)];
    other.report(trial, 3, { loss: 0.125 });
    stage.leads(false);
    other.leads(true);
    await nextScrape(prometheus, podName(0));
    await nextScrape(prometheus, podName(1));
    const samples = await prometheus.query('espalier_trial_metric');
    assert.deepEqual(
      samples.map(({ labels, value }) => [labels['pod'], labels['trial'], value]),
      [[podName(1), 'digits-00000', '0.125']],
    );
    const leaders = await prometheus.query('sum(espalier_leader)');
    assert.equal(leaders[0]?.value, '1');
    t.diagnostic(`F26 ${samples.length} series after the change, from the new leader only`);
    other.leads(false);
    stage.leads(true);
  });
});

describe('the caps of a page in a real Prometheus', { skip: whyNoPrometheus() }, () => {
  const MAX_SERIES = 2_000;
  const stage = new Stage({ maxSeries: MAX_SERIES, maxSeriesPerExperiment: 1_500 });
  let prometheus: Prometheus;
  before(async () => {
    prometheus = await scrape([stage]);
  });
  after(async () => {
    await prometheus?.stop();
    await stage.close();
  });

  test('F14 a trainer that invents metrics cannot grow the page; what is left out is counted', async (t) => {
    const greedy = stage.addExperiment('team-a', 'greedy');
    const modest = stage.addExperiment('team-b', 'modest');
    const quiet = stage.addTrial(modest, 0);
    stage.report(quiet, 0, { acc: 0.5 });
    for (let index = 0; index < 50; index++) {
      const trial = stage.addTrial(greedy, index);
      const values = Array.from({ length: 300 }, (_, at) => [`metric-${index}-${at}`, at]);
      stage.report(trial, 0, Object.fromEntries(values));
    }
    await nextScrape(prometheus);
    const [ofGreedy] = await prometheus.query('count({experiment="greedy"})');
    const dropped = async () => {
      const samples = await prometheus.query('espalier_series_dropped_total');
      return Object.fromEntries(
        samples.map(({ labels, value }) => [labels['experiment'], Number(value)]),
      );
    };
    const first = await dropped();
    // One more is the counter itself, which is never left out.
    assert.equal(ofGreedy?.value, '1501');
    assert.ok((first['greedy'] ?? 0) > 0);
    assert.equal(first['modest'], 0);
    const [kept] = await prometheus.query('espalier_trial_metric{experiment="modest"}');
    assert.equal(kept?.value, '0.5');
    await nextScrape(prometheus);
    const second = await dropped();
    assert.ok((second['greedy'] ?? 0) > (first['greedy'] ?? 0), 'it goes on counting');
    t.diagnostic(
      `F14 wanted 50 trials x 300 metrics, shown 1500, dropped per page ${first['greedy']}`,
    );
  });
});
