import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dominates, type Losses, leadingFronts, paretoFront } from './dominance.ts';
import { exclusiveVolume, hypervolume } from './hypervolume.ts';
import { hypervolumeSubset, referencePoint } from './subset.ts';

const coordinate = fc.oneof(
  fc.integer({ min: 0, max: 6 }),
  fc.double({ min: 0, max: 7, noNaN: true }),
);
const clouds = (least: number, most: number): fc.Arbitrary<readonly Losses[]> =>
  fc.integer({ min: 2, max: 4 }).chain((m) =>
    fc.array(fc.array(coordinate, { minLength: m, maxLength: m }), {
      minLength: least,
      maxLength: most,
    }),
  );
const grids: fc.Arbitrary<readonly Losses[]> = fc.integer({ min: 2, max: 4 }).chain((m) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: m, maxLength: m }), {
    maxLength: 9,
  }),
);

test('U24 the front is what no other point dominates, whatever the order', () => {
  fc.assert(
    fc.property(clouds(0, 40), (points) => {
      const want = [...points.keys()].filter(
        (i) => !points.some((other) => dominates(other, points[i] as Losses)),
      );
      assert.deepEqual(paretoFront(points), want);
    }),
    { numRuns: 2000 },
  );
});

test('U24 the leading fronts are those of peeling one after the other, and no more than are needed', () => {
  fc.assert(
    fc.property(clouds(0, 40), fc.integer({ min: 0, max: 50 }), (points, least) => {
      const want: number[][] = [];
      let left = [...points.keys()];
      while (left.length > 0 && want.flat().length < least) {
        const front = left.filter(
          (i) => !left.some((j) => dominates(points[j] as Losses, points[i] as Losses)),
        );
        want.push(front);
        left = left.filter((i) => !front.includes(i));
      }
      assert.deepEqual(leadingFronts(points, least), want);
    }),
    { numRuns: 2000 },
  );
});

test('U24 the hypervolume is the number of unit cells that some point dominates', () => {
  fc.assert(
    fc.property(grids, (points) => {
      const m = points[0]?.length ?? 2;
      const reference = new Array(m).fill(6);
      let cells = 0;
      for (let cell = 0; cell < 6 ** m; cell++) {
        const corner = Array.from({ length: m }, (_, d) => Math.floor(cell / 6 ** d) % 6);
        if (points.some((point) => point.every((x, d) => x <= (corner[d] as number)))) cells++;
      }
      assert.equal(hypervolume(points, reference), cells);
    }),
    { numRuns: 1000 },
  );
});

test('U24 each choice of a subset adds the largest volume to those before it', () => {
  fc.assert(
    fc.property(clouds(1, 14), fc.integer({ min: 1, max: 8 }), (cloud, count) => {
      const front = paretoFront(cloud).map((i) => cloud[i] as Losses);
      const chosen = hypervolumeSubset(front, count);
      assert.equal(new Set(chosen).size, Math.min(count, front.length));
      if (count >= front.length) return;
      const reference = referencePoint(front);
      const before: Losses[] = [];
      for (const i of chosen) {
        const adds = front.map((point) => exclusiveVolume(point, before, reference));
        const most = Math.max(...adds);
        const scale = Math.max(1, hypervolume(front, reference));
        assert.ok((adds[i] as number) >= most - 1e-9 * scale, `${adds[i]} of ${most}`);
        before.push(front[i] as Losses);
      }
    }),
    { numRuns: 1000 },
  );
});

test('a subset of points as large as numbers can be is chosen without NaN', () => {
  const huge = Number.MAX_VALUE;
  const points = [
    [-huge, huge, 0],
    [huge, -huge, 0],
    [0, 0, 0],
    [-huge, huge, 0],
  ];
  assert.deepEqual([...hypervolumeSubset(points, 3)].sort(), [0, 1, 2]);
  assert.deepEqual(
    hypervolumeSubset(
      points.map(([x = 0, y = 0]) => [x, y]),
      2,
    ).length,
    2,
  );
});
