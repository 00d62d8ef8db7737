import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Dashboard, Panel } from '@grafana/schema';
import { experimentStatus } from '../../../controller/src/domain/testing/builders.ts';
import { type Prometheus, whyNoPrometheus } from '../../kit/prometheus.ts';
import { waitFor } from '../../kit/wait.ts';
import { nextScrape, readManifest, ruleGroups, scrape } from './scraping.ts';
import { Stage } from './stage.ts';

const dashboard = readManifest<Dashboard>('dashboard.json');
const panels = (dashboard.panels ?? []).filter((panel): panel is Panel => panel.type !== 'row');
const variables = dashboard.templating?.list ?? [];

/** What Grafana asks with everything picked. */
function withAllPicked(expression: string): string {
  return expression.replace(/"\$\w+"/g, '".*"').replaceAll('$__rate_interval', '30s');
}

function queriesOf({ targets = [] }: Panel): string[] {
  return targets.map(({ expr }) => withAllPicked(String(expr)));
}

/** `label_values(selector, label)` as an expression that has a series per value. */
function choicesOf(query: unknown): string {
  const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec(String(query)) ?? [];
  return `count by (${label}) (${withAllPicked(String(selector))})`;
}

test('the dashboard is drawn: places do not overlap, ids and variables are right', () => {
  const ids = (dashboard.panels ?? []).map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const taken = new Map<string, string | undefined>();
  for (const { gridPos, title } of dashboard.panels ?? []) {
    assert.ok(gridPos !== undefined && gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y: number = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.equal(taken.get(`${x},${y}`), undefined, `${title} lies on another panel`);
        taken.set(`${x},${y}`, title);
      }
    }
  }
  const known = new Set(['__rate_interval', ...variables.map(({ name }) => name)]);
  const used = JSON.stringify([panels, variables]).matchAll(/\$\{?(\w+)\}?/g);
  for (const [, name = ''] of used) assert.ok(known.has(name) || name === '__all', `$${name}`);
  for (const { title, targets = [], description = '' } of panels) {
    assert.ok(description.length > 5, title);
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
  }
});

test('what only the leader shows is asked for without its pod', () => {
  for (const panel of panels) {
    for (const query of queriesOf(panel)) {
      const families = query.match(/espalier_(trial|experiment)_\w+/g) ?? [];
      const aggregated = query.match(/(max|sum) without \(pod, instance/g) ?? [];
      assert.ok(aggregated.length >= families.length, query);
    }
  }
});

describe('the dashboard and the rules on a real Prometheus', { skip: whyNoPrometheus() }, () => {
  const stage = new Stage({ maxSeriesPerExperiment: 40 });
  let prometheus: Prometheus;
  before(async () => {
    prometheus = await scrape([stage], ruleGroups());
  });
  after(async () => {
    await prometheus?.stop();
    await stage.close();
  });

  test('every query of the dashboard and every rule has data', async (t) => {
    const count = { pending: 0, starting: 0, paused: 0, stopped: 0 };
    const owner = stage.addExperiment(
      'team-a',
      'digits',
      {},
      experimentStatus({
        trials: { ...count, total: 3, running: 1, succeeded: 1, failed: 1 },
        configurations: { created: 3, completed: 2, failed: 1, invalid: 0 },
        best: { trial: 'digits-00000', configuration: 0, value: 0.5, step: 1, parameters: [] },
      }),
    );
    const trial = stage.addTrial(owner, 2);
    const { telemetry } = stage;
    let folded = 0;
    telemetry.watchStreams(() => ({
      isNatsConnected: true,
      isCaughtUp: true,
      feed: { folded, refused: { trial: folded }, replays: 0 },
    }));
    const report = (): void => {
      folded += 1;
      const invented = Array.from({ length: 50 }, (_, index) => [`m${index}`, index]);
      stage.report(trial, folded, { acc: 0.5, ...Object.fromEntries(invented) });
      for (const outcome of ['done', 'error'] as const)
        telemetry.reconciled('trial', outcome, 0.01);
      telemetry.queueWait('trial', 0.01);
      telemetry.requested({ method: 'GET', resource: 'pods', status: 200, seconds: 0.01 });
      telemetry.stored({ action: 's3:PutObject', outcome: 'done' });
    };
    for (let round = 0; round < 3; round++) {
      report();
      await nextScrape(prometheus);
    }
    const queries = panels.flatMap((panel) =>
      queriesOf(panel).map((query) => ({ query, what: `${panel.title}: ${query}` })),
    );
    for (const { name, type, query } of variables) {
      if (type === 'query') queries.push({ query: choicesOf(query), what: `variable ${name}` });
    }
    let series = 0;
    for (const { query, what } of queries) {
      const samples = await prometheus.query(query);
      assert.ok(samples.length > 0, `no data: ${what}`);
      series += samples.length;
    }
    const { groups } = await waitFor(
      async () => {
        const rules = await prometheus.api<{ groups: RuleState[] }>('rules');
        const all = rules.groups.flatMap((group) => group.rules);
        return all.length > 0 && all.every(({ health }) => health !== 'unknown') && rules;
      },
      { what: 'Prometheus has tried every rule' },
    );
    const broken = groups.flatMap(({ rules }) => rules.filter(({ health }) => health !== 'ok'));
    assert.deepEqual(broken, []);
    const records = ruleGroups().flatMap(({ rules }) =>
      rules.flatMap(({ record }) => record ?? []),
    );
    for (const record of records) {
      await waitFor(async () => (await prometheus.query(record)).length > 0, {
        what: `${record} has data`,
      });
    }
    t.diagnostic(
      `${queries.length} queries had ${series} series; ${records.length} records had data`,
    );
  });
});

interface RuleState {
  readonly rules: readonly { readonly name: string; readonly health: string }[];
}
