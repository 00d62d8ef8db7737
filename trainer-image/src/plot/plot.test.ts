import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawClassMap } from './class-map.ts';
import { drawCurves } from './curves.ts';
import { judgePlateau } from './plateau.ts';
import { paddedRange, ticksOf, tickText } from './scale.ts';

const steps = Array.from({ length: 200 }, (_, i) => i);
const verdicts: Record<
  string,
  { loss: (i: number) => number; norm: (i: number) => number; want: string }
> = {
  'D2 a flat loss under a large norm is a plateau of the rate': {
    loss: (i) => 1 + Math.exp(-i / 10) + 0.01 * (i % 2),
    norm: (i) => 2 + (i % 3),
    want: 'plateau',
  },
  'D2 a flat loss under a vanishing norm is a critical point': {
    loss: (i) => 1 + Math.exp(-i / 10),
    norm: (i) => Math.exp(-i / 10),
    want: 'critical-point',
  },
  'D2 a loss that falls is no plateau': {
    loss: (i) => 3 - i / 100,
    norm: () => 2,
    want: 'falling',
  },
};
for (const [name, { loss, norm, want }] of Object.entries(verdicts)) {
  test(name, () => assert.equal(judgePlateau(steps.map(loss), steps.map(norm)).kind, want));
}

test('D2 the verdict on a plateau is in the words of the document', () => {
  const svg = drawCurves(
    steps.map(() => 1),
    steps.map(() => 5),
  ).svg;
  assert.match(svg, /plateau: loss flat, norm not small -&gt; learning rate, not a critical point/);
});

test('D2 a few steps are too short for a verdict', () => {
  assert.equal(judgePlateau([1, 1], [1, 1]).kind, 'too-short');
});

const classMap = {
  map: Float64Array.of(0, 0, 1, 1, 2, 4),
  labels: Int32Array.of(0, 3, 3),
};

test('R47 the first plot has all classes, a legend and its title', () => {
  const svg = drawClassMap(classMap)?.svg ?? '';
  assert.match(svg, /All Classes t-SNE Visualization/);
  assert.match(svg, />Class 0</);
  assert.match(svg, />Class 3</);
  assert.match(svg, /width="1000" height="800"/);
});

test('R48 the second plot has one class on the same axes, or is not there', () => {
  const [all, one] = [drawClassMap(classMap)?.svg ?? '', drawClassMap(classMap, 3)?.svg ?? ''];
  assert.match(one, /Class 3 t-SNE Visualization/);
  const dot = /<circle cx="[\d.]+" cy="[\d.]+" r="2.2"[^>]*>/g;
  assert.equal(one.match(dot)?.length, 2);
  assert.ok(one.match(dot)?.every((each) => all.includes(each)));
  assert.equal(drawClassMap(classMap, 5), undefined);
});

test('ticks are round numbers within the range', () => {
  assert.deepEqual(ticksOf(-0.13, 1.02), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticksOf(0, 900), [0, 200, 400, 600, 800]);
  assert.deepEqual(ticksOf(3, 3), [3]);
  assert.equal(tickText(0.00002), '2e-5');
});

test('a range of equal or no values is still a range', () => {
  assert.deepEqual(paddedRange([]), [0, 1]);
  const [low, high] = paddedRange([2, 2, Number.NaN]);
  assert.ok(low < 2 && high > 2);
});
