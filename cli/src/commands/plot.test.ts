import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { espalier } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { endedTrial, experiment } from '../testing/objects.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-plot-'));
});
after(() => rmSync(dir, { recursive: true }));

/** Three trials, of which the first has left a curve. */
function engine(): FakeEngine {
  const file = join(dir, 'points-0.jsonl');
  const point = (seq: number) => ({
    seq,
    step: 10 * seq,
    epoch: seq,
    values: { valid_acc: 0.2 * seq, grad_norm: 1 / seq },
    time: 0,
  });
  writeFileSync(file, [1, 2, 3].map((seq) => JSON.stringify(point(seq))).join('\n'));
  const fake = new FakeEngine().add(experiment(), [
    endedTrial(0, 0.6, { seconds: 10 }),
    endedTrial(1, 0.9, { seconds: 12 }),
    endedTrial(2, undefined, { seconds: 14 }),
  ]);
  fake.points.set('digits-00000', [file]);
  fake.importance = [{ name: 'lr', importance: 1 }];
  return fake;
}

const plot = (...words: string[]) =>
  espalier(['plot', ...words, '--dir', dir], engine(), { cwd: dir });

test('a picture on the terminal names its axes and says in words what is to be seen', async () => {
  const { exitCode, stdout } = await plot('history', 'digits');
  assert.equal(exitCode, 0);
  assert.match(stdout, /History of digits\n2 trials with a value; the best valid_acc is 0\.9000/);
  assert.match(stdout, /[\u2801-\u28ff]/, 'braille');
});

test('curves show the points that the trial reported, by epoch', async () => {
  const { stdout } = await plot('curves', 'digits');
  assert.match(stdout, /valid_acc of 1 trial by epoch/);
});

const SIGNS = { svg: '<svg xmlns', html: '<!doctype html>', png: '\x89PNG' } as const;
for (const [ending, sign] of Object.entries(SIGNS)) {
  test(`-o FILE.${ending} writes that, and stdout stays empty`, async () => {
    const { exitCode, stdout, stderr } = await plot('slice', 'digits', '-o', `slice.${ending}`);
    assert.deepEqual([exitCode, stdout], [0, ''], stderr);
    assert.ok(readFileSync(join(dir, `slice.${ending}`), 'latin1').startsWith(sign));
    assert.ok(!readdirSync(dir).some((name) => name.endsWith('.part')), 'nothing half made');
  });
}

const WRONG = {
  'a kind that there is not': [
    ['histry', 'digits'],
    2,
    /no kind "histry"\n.*did you mean history\?\n.*history, curves/,
  ],
  'a file whose name says no format': [
    ['history', 'digits', '-o', 'a.gif'],
    2,
    /\.svg, \.png, \.html/,
  ],
  'an Experiment that there is not': [['history', 'digit'], 3, /did you mean digits\?/],
  'a front of one objective': [['pareto', 'digits'], 2, /needs two/],
  'a folder that there is not': [['history', 'digits', '-o', 'no/a.svg'], 3, /there is no folder/],
} as const;
for (const [name, [words, exitCode, message]] of Object.entries(WRONG)) {
  test(`refused: ${name}`, async () => {
    const ran = await plot(...words);
    assert.equal(ran.exitCode, exitCode);
    assert.match(ran.stderr, message);
  });
}

test('a report is one file with every picture, the failures and the manifest', async () => {
  const { exitCode, stdout } = await espalier(['report', 'digits', '--dir', dir], engine(), {
    cwd: dir,
  });
  assert.equal(exitCode, 0);
  assert.equal(stdout, `${join(dir, 'digits.html')}\n`);
  const page = readFileSync(join(dir, 'digits.html'), 'utf8');
  assert.equal(page.match(/<figure>/g)?.length, 7);
  assert.match(page, /kind: Experiment/);
  assert.doesNotMatch(page, /(src|href)="https?:/, 'nothing is loaded');
});
