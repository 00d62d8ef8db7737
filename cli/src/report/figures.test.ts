import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Figure, Mark } from '../plot/figure.ts';
import { drawSvg } from '../plot/svg/draw-svg.ts';
import { parseClassMap } from './class-map.ts';
import { parseConfusion } from './confusion.ts';
import { drawClassMap } from './draw-class-map.ts';
import { drawConfusion } from './draw-confusion.ts';
import { drawIntervals } from './draw-intervals.ts';

const marksOf = (figure: Figure, kind: Mark['kind']) =>
  (figure.panels[0]?.marks ?? []).filter((mark) => mark.kind === kind);

const HOSTILE = '</text><script>alert(1)</script>\u202e\u0000';

test('a matrix has a cell for each pair that occurred, the first label on top', () => {
  const figure = drawConfusion(parseConfusion('label,predicted,count\n0,0,9\n0,1,1\n1,1,4\n'));
  assert.match(figure.summary, /^13 of 14 .*\(92\.9 %\)/);
  const cells = marksOf(figure, 'bar').map((mark) => [mark.colour, mark.hint]);
  assert.deepEqual(cells, [
    [0.9, '0 taken for 0: 9 (90.0 %)'],
    [0.1, '0 taken for 1: 1 (10.0 %)'],
    [1, '1 taken for 1: 4 (100.0 %)'],
  ]);
  const [top] = marksOf(figure, 'text');
  assert.deepEqual(top?.kind === 'text' && top.at, [0, 1]);
});

test('a map of many images stays small, and says how many it shows', () => {
  const rows = Array.from({ length: 123_456 }, (_, n) => `${n % 977},${n % 13},${n % 60}`);
  const figure = drawClassMap(parseClassMap(['x,y,label', ...rows].join('\n')));
  assert.ok(marksOf(figure, 'dot').length <= 5_000);
  assert.equal(marksOf(figure, 'text').length, 40, 'of 60 classes the largest are named');
  assert.match(figure.summary, /^(5,000|4,9\d\d) of 123,456 images in 60 classes/);
});

test('names that attack are drawn as text, and all images at one place have one', () => {
  const map = drawClassMap(parseClassMap(`x,y,label\n1,1,${HOSTILE}\n1,1,${HOSTILE}\n`));
  const matrix = drawConfusion(parseConfusion(`label,predicted,count\n${HOSTILE},a,1\n`));
  for (const figure of [map, matrix]) {
    for (const theme of ['light', 'dark', 'auto'] as const) {
      const svg = drawSvg(figure, { theme });
      assert.doesNotMatch(svg, /<script|NaN|Infinity|undefined/);
      assert.ok(!svg.includes('\u0000'));
    }
  }
});

test('intervals tell which configurations cannot be told apart from the first', () => {
  const standing = (index: number, mean: number, parts: object) => ({
    ...{ index, mean, replicates: 3, isApart: false },
    ...parts,
  });
  const figure = drawIntervals('acc', [
    standing(4, 0.9, { interval: { low: 0.88, high: 0.92 } }),
    standing(1, 0.89, { interval: { low: 0.86, high: 0.93 }, pWorse: 0.4 }),
    standing(2, 0.5, { interval: { low: 0.4, high: 0.6 }, isApart: true, pWorse: 0.001 }),
    standing(3, 0.2, { replicates: 1 }),
  ]);
  assert.equal(
    figure.summary,
    '2 of 3 cannot be told apart from the first; 1 of them ran only once.',
  );
  const dots = marksOf(figure, 'dot').map(({ colour, hint }) => [colour, hint]);
  assert.deepEqual(dots, [
    ['contrast', 'configuration 4: 0.9000 of 3 replicates, 0.8800 .. 0.9200'],
    ['accent', 'configuration 1: 0.8900 of 3 replicates, 0.8600 .. 0.9300, cannot be told apart'],
    ['quiet', 'configuration 2: 0.5000 of 3 replicates, 0.4000 .. 0.6000, worse'],
    ['accent', 'configuration 3: 0.2000 of 1 replicate, cannot be told apart'],
  ]);
  assert.equal(marksOf(figure, 'line').length, 3, 'a single value has no interval');
});
