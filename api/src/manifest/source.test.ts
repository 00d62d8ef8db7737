import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FULL_MANIFEST } from '../testing/specs.ts';
import type { ManifestPath } from './problem.ts';
import { readManifests } from './read-manifests.ts';
import type { ManifestSource, PlaceOf } from './source.ts';

function sourceOf(text: string): ManifestSource {
  const { sources, problems } = readManifests(text, 'a.yaml');
  assert.deepEqual(problems, []);
  const [source] = sources;
  assert.ok(source);
  return source;
}

/** The text at the place of a path. */
function textAt(text: string, path: ManifestPath, of?: PlaceOf): string {
  const { line, column, length } = sourceOf(text).locate(path, of);
  const chars = Array.from(text.split('\n')[line - 1] ?? '');
  return chars.slice(column - 1, column - 1 + length).join('');
}

const spec = (...rest: ManifestPath): ManifestPath => ['spec', ...rest];
const cases: Record<string, { path: ManifestPath; of?: PlaceOf; want: string }> = {
  'a scalar': { path: spec('trials', 'max'), want: '30' },
  'the key of a scalar': { path: spec('trials', 'max'), of: 'key', want: 'max' },
  'an item of a list': { path: spec('parameters', 2, 'int', 'values', 1), want: '64' },
  'a value of when': { path: spec('parameters', 5, 'when', 'in', 0), want: 'warmup-cosine' },
  'a mapping of several lines shows its first': {
    path: spec('parameters', 5),
    want: 'name: warmupSteps',
  },
  'a missing field shows the key around it': { path: spec('trials', 'nothing'), want: 'trials' },
  'a missing item shows the key of the list': {
    path: spec('parameters', 2, 'int', 'values', 9),
    want: 'values',
  },
  'a path through a scalar shows its key': { path: spec('queueName', 'x', 'y'), want: 'queueName' },
  'a path that begins nowhere shows the first key': { path: ['nothing'], want: 'apiVersion' },
  'a default that nobody wrote shows the key around it': {
    path: spec('artifacts', 'checkpoint', 'nothing'),
    want: 'checkpoint',
  },
};
for (const [name, tc] of Object.entries(cases)) {
  test(`locate: ${name}`, () => assert.equal(textAt(FULL_MANIFEST, tc.path, tc.of), tc.want));
}

const ALIASED = `apiVersion: espalier.dev/v1alpha1
kind: Experiment
metadata: { name: a, labels: { \u{1f600}: &v "\u00fc" , 12: b} }
spec:
  objective: { metric: m, goal: minimize }
  parameters:
    - { name: a, int: &form { values: [1, 2] } }
    - { name: b, int: *form }
`;

test('locate: a path through an alias shows what it repeats', () => {
  assert.equal(textAt(ALIASED, spec('parameters', 1, 'int', 'values', 1)), '2');
  assert.equal(textAt(ALIASED, spec('parameters', 1, 'int')), '*form');
});

test('locate: columns count characters, and keys are found as they are written', () => {
  assert.equal(textAt(ALIASED, ['metadata', 'labels', '12'], 'key'), '12');
  assert.equal(textAt(ALIASED, ['metadata', 'labels', '12']), 'b');
});

test('the second document has places of its own', () => {
  const second = FULL_MANIFEST.replace('name: digits', 'name: other');
  const { sources } = readManifests(`${FULL_MANIFEST}---\n${second}`, 'a.yaml');
  const lines = FULL_MANIFEST.split('\n').length;
  const [first, last] = sources.map((source) => source.locate(['metadata', 'name']).line);
  assert.equal((last ?? 0) - (first ?? 0), lines);
});

test('a problem that is found later prints with its place', () => {
  const source = sourceOf(FULL_MANIFEST);
  const path = spec('search', 'algorithm');
  const problem = source.problem(path, 'unknown algorithm', { suggestion: 'sobol' });
  assert.match(
    source.format(problem),
    /^a\.yaml:24:24: spec\.search\.algorithm: unknown algorithm; did you/,
  );
});
