import assert from 'node:assert/strict';
import { test } from 'node:test';
import { read } from './documents.ts';

const text = read('docs/benchmarks.md');
const makefile = read('Makefile');

test('docs/benchmarks.md names every benchmark that make bench runs', () => {
  const [, all = ''] = /^bench: (.*?) ##/m.exec(makefile) ?? [];
  const named = all.split(' ').filter((target) => !text.includes(`\`make ${target}\``));
  assert.ok(all.split(' ').length >= 6, all);
  assert.deepEqual(named, []);
});

test('every goal of docs/benchmarks.md says whether it is met', (context) => {
  const tables = text.matchAll(/^\| goal .*\n\| ---.*\n((?:\|.*\n)+)/gm);
  const rows = [...tables].flatMap(([, body = '']) => body.trim().split('\n'));
  const verdict = /\| (met\b|\*\*missed\*\*|\*\*not measured\*\*|no goal)[^|]*\|$/;
  assert.deepEqual(
    rows.filter((row) => !verdict.test(row)),
    [],
  );
  const missed = rows.filter((row) => row.includes('**missed**'));
  context.diagnostic(`${rows.length} rows, ${missed.length} with a miss`);
});
