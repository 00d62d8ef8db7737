import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ARTIFACT, ATTEMPT_OUTCOMES, EXPERIMENT_PHASES, TRIAL_PHASES } from '@espalier/api';
import { read } from './documents.ts';

// Conditions, reasons, events, alerts and metrics are held to docs/operations.md by
// integration/chart/words.test.ts, and docs/metrics.md to the page of metrics by integration/prom.

const text = read('docs/glossary.md');

/** The first cells of the rows of the table below a heading, and the others. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  const [table = ''] = section.split(/\n## /);
  const lines = [...table.matchAll(/^\| (?!-|word)(.*) \|$/gm)];
  return lines.map(([, cells = '']) => cells.split(' |').map((cell) => cell.trim()));
}

test('docs/glossary.md has every phase, for what has it', (context) => {
  const rows = rowsOf('Phases').map(([word = '', experiment, trial]) => {
    return { word: word.replaceAll('`', ''), experiment, trial };
  });
  const having = (side: 'experiment' | 'trial') =>
    rows.filter((row) => row[side] !== '').map(({ word }) => word);
  assert.deepEqual(having('experiment').toSorted(), EXPERIMENT_PHASES.toSorted());
  assert.deepEqual(having('trial').toSorted(), TRIAL_PHASES.toSorted());
  context.diagnostic(`${rows.length} words`);
});

test('docs/glossary.md has every outcome of an attempt, every verdict and every desired state', () => {
  const meaningOf = (word: string) =>
    ['What there is', 'How it is searched and ended']
      .flatMap(rowsOf)
      .find(([first]) => first === word)?.[1] ?? '';
  const told = [...meaningOf('outcome').matchAll(/`(\w+)`/g)].map(([, word = '']) => word);
  assert.deepEqual(told.toSorted(), ATTEMPT_OUTCOMES.toSorted());
  for (const verdict of ['continue', 'stop', 'pause']) {
    assert.ok(meaningOf('verdict').includes(`\`${verdict}\``), verdict);
  }
  for (const state of ['Run', 'Pause', 'Stop', 'Cancel']) {
    assert.match(text, new RegExp(`^\`desiredState\` is .*\`${state}\``, 'm'));
  }
});

test('no word of docs/glossary.md is explained twice', (context) => {
  const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
  const words = headings.flatMap(rowsOf).flatMap(([first = '']) => first.split(', '));
  assert.deepEqual(words.toSorted(), [...new Set(words)].toSorted());
  assert.ok(words.length > 40, `${words.length}`);
  context.diagnostic(`${words.length} words`);
});

test('docs/concepts.md shows every file that an Experiment leaves', () => {
  const concepts = read('docs/concepts.md');
  const [, tree = ''] = /^```\n(<store>.*?)^```/ms.exec(concepts) ?? [];
  const lacking = Object.values(ARTIFACT).filter((name) => !tree.includes(name));
  assert.deepEqual(lacking, []);
});
