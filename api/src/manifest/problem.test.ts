import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FULL_MANIFEST } from '../testing/specs.ts';
import { formatPath, formatProblem } from './problem.ts';
import { escapeText, quoteText } from './quote-text.ts';
import { readManifests } from './read-manifests.ts';

test('a problem shows its line with carets under the place', () => {
  const text = FULL_MANIFEST.replace('max: 30', 'maxx: 30');
  const { problems } = readManifests(text, 'experiment.yaml');
  assert.equal(problems.length, 1);
  const [problem] = problems;
  assert.ok(problem);
  assert.equal(
    formatProblem(problem, text, 'experiment.yaml'),
    [
      'experiment.yaml:27:13: spec.trials.maxx: unknown field; did you mean "max"?',
      '  27 |   trials: { maxx: 30, parallel: 4, maxFailed: 3 }',
      '     |             ^^^^',
      '',
    ].join('\n'),
  );
});

test('the carets stay in place behind tabs, wide letters and in lines that are cut', () => {
  const place = { path: [], message: 'm', line: 1, length: 2 };
  assert.equal(
    formatProblem({ ...place, column: 3 }, '\t\u{1f600}ab\r\n', 'f'),
    'f:1:3: m\n   1 |  \u{1f600}ab\n     |   ^^\n',
  );
  const long = formatProblem(
    { ...place, column: 501 },
    `${'x'.repeat(500)}YZ${'x'.repeat(500)}`,
    'f',
  );
  const [, source = '', carets = ''] = long.split('\n');
  assert.ok(source.length < 120);
  assert.equal(source.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1), 'YZ');
});

test('a problem beyond the end of the text has no source line', () => {
  const problem = { path: ['a'], message: 'm', line: 9, column: 1, length: 1 };
  assert.equal(formatProblem(problem, 'a\nb', 'f'), 'f:9:1: a: m\n');
});

test('hostile text prints without control characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const problem = {
        path: [text, 0],
        message: 'm',
        suggestion: text,
        line: 1,
        column: 1,
        length: 3,
      };
      const printed = formatProblem(problem, `${text.replaceAll('\n', ' ')}\n`, text);
      assert.doesNotMatch(printed.replaceAll('\n', ''), /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      assert.ok(printed.split('\n').length <= 4);
      assert.doesNotMatch(quoteText(text), /[\p{Cc}]/u);
    }),
  );
  assert.equal(escapeText('a\u001b[31mb\u202e'), 'a\\u{1b}[31mb\\u{202e}');
  assert.equal(quoteText('say "a\\b"'), '"say \\"a\\\\b\\""');
  assert.ok(quoteText('x'.repeat(1 << 20)).length < 80);
});

test('a path reads like the manifest', () => {
  assert.equal(formatPath(['spec', 'parameters', 2, 'when']), 'spec.parameters[2].when');
  assert.equal(formatPath(['metadata', 'labels', 'a.b/c']), 'metadata.labels["a.b/c"]');
  assert.equal(formatPath([]), '');
});
