import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONDITION, EXPERIMENT_REASON, TRIAL_REASON } from '@espalier/api';
import { ruleGroups } from '../prom/scraping.ts';
import { CHART } from './helm.ts';

const root = join(CHART, '../..');
const text = readFileSync(join(root, 'docs/operations.md'), 'utf8');

/** The first column of the table below a heading. */
function wordsOf(heading: string): string[] {
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  const [table = ''] = section.split(/\n## /);
  return [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, word = '']) => word);
}

/** Every `reason: 'Word'` in the sources, with its file. */
function literals(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const path of globSync('controller/src/**/*.ts', { cwd: root })) {
    if (path.includes('/testing/') || path.endsWith('.test.ts')) continue;
    const source = readFileSync(join(root, path), 'utf8');
    for (const [, word = ''] of source.matchAll(/\breason: '([A-Z]\w+)'/g)) {
      found.set(word, [...(found.get(word) ?? []), path]);
    }
  }
  return found;
}

/** The words of a type of that name in a file: `type X = 'A' | 'B'`. */
function union(path: string, name: string): string[] {
  const source = readFileSync(join(root, path), 'utf8');
  const [, words = ''] = new RegExp(`type ${name} =([^;]+);`).exec(source) ?? [];
  return [...words.matchAll(/'(\w+)'/g)].map(([, word = '']) => word);
}

/**
 * Reasons that no object and no event carries: what verify tells, how a trainer's request is refused, and what a
 * request to the API server came back with.
 */
const TOLD_ELSEWHERE =
  /domain\/\w+\/verify|\/requests\/|domain\/trial\/requester|adapters\/k8s\/api-error/;

const tables: Record<string, { heading: string; wanted: () => readonly string[] }> = {
  condition: { heading: 'Conditions', wanted: () => Object.values(CONDITION) },
  'reason of an Experiment': {
    heading: 'Reasons of an Experiment',
    wanted: () => Object.values(EXPERIMENT_REASON),
  },
  'reason of a Trial': {
    heading: 'Reasons of a Trial and its attempts',
    wanted: () => Object.values(TRIAL_REASON),
  },
  'reason to wait': {
    heading: 'Why a Trial waits',
    wanted: () => union('controller/src/ports/errors.ts', 'WaitReason'),
  },
  alert: {
    heading: 'Alerts',
    wanted: () =>
      ruleGroups().flatMap(({ rules }) => rules.map((rule) => rule.alert ?? rule.record ?? '')),
  },
  metric: {
    heading: 'Metrics',
    // A test of its own compares these with the page of /metrics.
    wanted: () => {
      const metrics = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
      return [...metrics.matchAll(/^\| `(espalier_\w+)/gm)].map(([, name = '']) => name);
    },
  },
};

for (const [name, { heading, wanted }] of Object.entries(tables)) {
  test(`docs/operations.md explains every ${name}, and no other`, (context) => {
    const words = wordsOf(heading);
    assert.deepEqual(words.toSorted(), wanted().toSorted());
    assert.ok(words.length > 3 && new Set(words).size === words.length, words.join());
    context.diagnostic(`${words.length} words`);
  });
}

test('docs/operations.md explains every reason that the sources write out, and invents none', (context) => {
  const found = literals();
  const known = new Set<string>([
    ...Object.values(EXPERIMENT_REASON),
    ...Object.values(TRIAL_REASON),
    ...union('controller/src/ports/errors.ts', 'WaitReason'),
  ]);
  const own = [...found]
    .filter(
      ([word, paths]) => !known.has(word) && !paths.every((path) => TOLD_ELSEWHERE.test(path)),
    )
    .map(([word]) => word);
  const events = wordsOf('Events');
  const degraded = wordsOf('What is degraded');
  const explained = [...events, ...degraded].filter((word) => !known.has(word));
  assert.deepEqual(explained.toSorted(), own.toSorted());
  for (const word of [...events, ...degraded])
    assert.ok(found.has(word), `${word} is in no source`);
  context.diagnostic(`${events.length} events, ${degraded.length} reasons of Degraded`);
});

test('docs/operations.md has an entry in its contents for every section, and no link leads nowhere', () => {
  const anchor = (heading: string) =>
    heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-');
  const headings = [...text.matchAll(/^##+ (.+)$/gm)].map(([, heading = '']) => anchor(heading));
  const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, link = '']) => link);
  assert.deepEqual(
    [...new Set(links)].filter((link) => !headings.includes(link)),
    [],
  );
  const contents = text.slice(0, text.indexOf('\n## '));
  const listed = [...contents.matchAll(/\]\(#([^)]+)\)/g)].map(([, link = '']) => link);
  assert.deepEqual(
    headings.filter((heading) => !listed.includes(heading)),
    ['runbooks'],
  );
});
