import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { experimentStatus } from '../../../controller/src/domain/testing/builders.ts';
import { ruleGroups } from './scraping.ts';
import { Stage } from './stage.ts';

const text = readFileSync(join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');

test('docs/metrics.md names every family on the page with its labels, every rule, and no others', async () => {
  const stage = new Stage();
  const count = { pending: 0, starting: 0, running: 1, paused: 0, succeeded: 0, stopped: 0 };
  const owner = stage.addExperiment(
    'team-a',
    'digits',
    {},
    experimentStatus({
      trials: { ...count, total: 1, failed: 0 },
      configurations: { created: 1, completed: 0, failed: 0, invalid: 0 },
      best: { trial: 'digits-00000', configuration: 0, value: 0.5, step: 1, parameters: [] },
    }),
  );
  stage.report(stage.addTrial(owner, 0), 0, { acc: 1 });
  const { telemetry } = stage;
  telemetry.watchStreams(() => ({
    isNatsConnected: true,
    isCaughtUp: true,
    feed: { folded: 1, refused: { late: 1 }, replays: 1 },
  }));
  telemetry.reconciled('trial', 'done', 1);
  telemetry.queueDepth('trial', 1);
  telemetry.queueWait('trial', 1);
  telemetry.requested({ method: 'GET', resource: 'pods', status: 200, seconds: 1 });
  telemetry.watchRestarted('pods', 'gone');
  telemetry.stored({ action: 's3:GetObject', outcome: 'done' });

  const shown = new Map<string, string>();
  const common = ['namespace', 'experiment', 'trial', 'le'];
  for (const line of (await stage.page()).split('\n')) {
    const [, name, labels = ''] =
      /^(espalier_\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === undefined) continue;
    const own = [...labels.matchAll(/(\w+)="/g)]
      .map(([, label = '']) => label)
      .filter((label) => !common.includes(label));
    shown.set(name, own.length === 0 ? name : `${name}{${own.join(',')}}`);
  }
  const documented = [...text.matchAll(/^\| `(espalier_[^`]+)`/gm)].map(([, family]) => family);
  assert.deepEqual(documented.toSorted(), [...shown.values()].toSorted());

  const rules = ruleGroups().flatMap(({ rules: all }) =>
    all.map(({ alert, record }) => alert ?? record ?? ''),
  );
  const named = [...text.matchAll(/`(Espalier[A-Z]\w+|[a-z]+:espalier_[\w:]+)`/g)];
  assert.deepEqual([...new Set(named.map(([, rule]) => rule))].toSorted(), rules.toSorted());
});
