import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { promtool, whyNoPrometheus } from '../../kit/prometheus.ts';
import { makeStateFolder } from '../../kit/state-folder.ts';
import { ruleGroups } from './scraping.ts';

const CASES = join(import.meta.dirname, 'alerts.yaml');
const alerts = ruleGroups().flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));

test('promtool takes the rules, and every alert fires when it should and not before', {
  skip: whyNoPrometheus(),
}, (t) => {
  const folder = makeStateFolder('rules');
  try {
    writeFileSync(folder.file('rules.yaml'), stringify({ groups: ruleGroups() }));
    const checked = promtool(['check', 'rules', folder.file('rules.yaml')]);
    assert.ok(checked.ok, checked.output);
    copyFileSync(CASES, folder.file('alerts.yaml'));
    const tested = promtool(['test', 'rules', folder.file('alerts.yaml')]);
    assert.ok(tested.ok, tested.output);
    t.diagnostic(`promtool: ${checked.output.match(/\d+ rules found/)?.[0]}, cases passed`);
  } finally {
    folder.remove();
  }
});

test('every alert has a case in which it fires, and says what to do', () => {
  const { tests } = parse(readFileSync(CASES, 'utf8')) as {
    tests: { alert_rule_test?: { alertname: string; exp_alerts: unknown[] }[] }[];
  };
  const fired = tests
    .flatMap(({ alert_rule_test = [] }) => alert_rule_test)
    .filter(({ exp_alerts }) => exp_alerts.length > 0)
    .map(({ alertname }) => alertname);
  assert.deepEqual([...new Set(fired)].toSorted(), alerts.toSorted());
  for (const { rules } of ruleGroups()) {
    for (const { alert, annotations } of rules) {
      if (alert === undefined) continue;
      assert.ok((annotations?.['summary'] ?? '').length > 20, `${alert} has a summary`);
      assert.ok((annotations?.['description'] ?? '').length > 80, `${alert} has a description`);
    }
  }
});
