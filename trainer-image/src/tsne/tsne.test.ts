import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../random/stream.ts';
import { testDevice } from '../testing/layer-probe.ts';
import { jointProbabilities } from './affinities.ts';
import { centredGram, squaredDistances } from './gram.ts';
import { principalComponents } from './principal-components.ts';
import { tsne } from './tsne.ts';

const device = testDevice();
const [ROWS, COLUMNS, GROUPS] = [90, 12, 3];

/** Three clouds, each around a corner of its own. */
function clouds(): Float32Array {
  const random = new RandomStream(4, 'clouds');
  return Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => {
    const group = Math.floor(i / COLUMNS) % GROUPS;
    return (i % COLUMNS === group ? 9 : 0) + random.uniform() + random.uniform();
  });
}

const gram = centredGram(device, clouds(), ROWS, COLUMNS);

test('inner products give the distances of the rows', () => {
  const data = clouds();
  const distances = squaredDistances(gram, ROWS);
  let want = 0;
  for (let c = 0; c < COLUMNS; c++) want += ((data[c] ?? 0) - (data[7 * COLUMNS + c] ?? 0)) ** 2;
  assert.ok(Math.abs((distances[7] ?? 0) - want) < 1e-3);
});

test('R46 principal components are the scores along the widest directions', () => {
  // Rows on a line: the first component holds all, the second nothing.
  const line = Float32Array.from({ length: 20 * 2 }, (_, i) => Math.floor(i / 2) * (1 + (i % 2)));
  const scores = principalComponents(centredGram(device, line, 20, 2), 20, 42);
  for (let row = 0; row < 20; row++) {
    const want = (row - 9.5) * Math.sqrt(5);
    assert.ok(Math.abs(Math.abs(scores[row * 2] ?? 0) - Math.abs(want)) < 1e-3);
    // The root of what rounding leaves in the products.
    assert.ok(Math.abs(scores[row * 2 + 1] ?? 1) < 0.1);
  }
});

test('R46 each row has as many neighbours as the perplexity says', () => {
  const joint = jointProbabilities(squaredDistances(gram, ROWS), ROWS, 10);
  const total = joint.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(total - 1) < 1e-3, `${total}`);
});

test('R46 t-SNE keeps the clouds together, in two components, always the same', () => {
  const map = tsne(gram, ROWS, { seed: 42, steps: 400 });
  assert.equal(map.length, ROWS * 2);
  assert.deepEqual(tsne(gram, ROWS, { seed: 42, steps: 400 }), map);
  let same = 0;
  for (let i = 0; i < ROWS; i++) {
    let [nearest, least] = [-1, Number.POSITIVE_INFINITY];
    for (let j = 0; j < ROWS; j++) {
      const distance = Math.hypot(
        (map[i * 2] ?? 0) - (map[j * 2] ?? 0),
        (map[i * 2 + 1] ?? 0) - (map[j * 2 + 1] ?? 0),
      );
      if (i !== j && distance < least) [nearest, least] = [j, distance];
    }
    if (nearest % GROUPS === i % GROUPS) same += 1;
  }
  assert.equal(same, ROWS);
});

test('R46 two images, or equal ones, have a map as well', () => {
  assert.equal(tsne(new Float32Array(4), 2, { seed: 42 }).length, 4);
  const equal = tsne(new Float32Array(25), 5, { seed: 42, steps: 20 });
  assert.ok(equal.every(Number.isFinite));
});
