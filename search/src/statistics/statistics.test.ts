import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { holm } from './holm.ts';
import { mean, meanInterval, meanSquare } from './interval.ts';
import { pairedTest, signedRankTest, studentTest } from './paired-test.ts';
import { studentCdf, studentQuantile } from './student-t.ts';

function near(got: number, want: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(got - want) <= tolerance * Math.max(1, Math.abs(want)), `${what}: ${got}`);
}

/** By SciPy 1.17.1: `stats.wilcoxon(d, alternative='greater', method='exact')`, `ttest_1samp`. */
const tests: readonly { d: number[]; rank: number; t: number }[] = [
  { d: [1, 2, 3, 4], rank: 0.0625, t: 0.015233145831085489 },
  { d: [1, 2, 3, -4], rank: 0.4375, t: 0.384418655157232 },
  { d: [1, -2, 3, 4, 5], rank: 0.09375, t: 0.07547202683450882 },
  { d: [0.5, 1.5, -0.25, 2, 3, 1, -0.75, 4], rank: 0.02734375, t: 0.022868413726745418 },
  { d: [-1, -2, -3, 5, 6, 7, 8, 9, 10, 11], rank: 0.013671875, t: 0.0067654102266452125 },
];
for (const { d, rank, t } of tests) {
  test(`signed ranks and t of ${d}`, () => {
    assert.equal(signedRankTest(d), rank);
    near(studentTest(d), t, 1e-13, 't');
  });
}

test('with ties and zeros the test counts signs one by one', () => {
  // Ranks 1.5, 1.5, 3: sums of at least 4.5 are those of {3, 1.5} twice and all three: 3 of 8.
  assert.equal(signedRankTest([1, -1, 2]), 3 / 8);
  assert.equal(signedRankTest([0, 1, 2]), 1 / 4);
  assert.equal(signedRankTest([0, 0, 0, 0]), 1);
});

test('the exact test is the share of all signs with at least the same sum', () => {
  const small = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(small, (d) => {
      const size = (x: number) => d.filter((y) => Math.abs(y) < Math.abs(x)).length;
      const equals = (x: number) => d.filter((y) => Math.abs(y) === Math.abs(x)).length;
      const ranks = d.map((x) => size(x) + (equals(x) + 1) / 2);
      const sum = (signs: readonly number[]) =>
        ranks.reduce(
          (all, rank, i) => all + (Math.sign((signs[i] ?? 0) * Math.abs(d[i] ?? 0)) > 0 ? rank : 0),
          0,
        );
      const own = sum(d.map(Math.sign));
      let as = 0;
      for (let mask = 0; mask < 2 ** d.length; mask++) {
        if (sum(d.map((_, i) => ((mask >> i) & 1 ? 1 : -1))) >= own) as += 1;
      }
      near(signedRankTest(d), as / 2 ** d.length, 1e-12, String(d));
    }),
  );
});

test('fewer than four pairs are left to the t-test, fewer than two to nobody', () => {
  assert.equal(pairedTest([]), 1);
  assert.equal(pairedTest([5]), 1);
  assert.equal(pairedTest([1, 1]), 0);
  assert.equal(pairedTest([0, 0, 0]), 1);
  assert.equal(pairedTest([1, 2, 4]), studentTest([1, 2, 4]));
  assert.equal(pairedTest([1, 2, 4, 5]), 1 / 16);
});

/** By SciPy 1.17.1: `stats.t.cdf` at 0.5, 1, 2.5; `stats.t.ppf` of 0.975 and 0.9. */
const student: Record<number, readonly [number, number, number, number, number]> = {
  1: [0.6475836176504333, 0.75, 0.8788810584091566, 12.706204736174694, 3.0776835371752544],
  2: [
    0.6666666666666666, 0.7886751345948129, 0.9351941398892446, 4.302652729749462,
    1.8856180831641272,
  ],
  3: [
    0.6742760175759245, 0.8044988905221148, 0.9561466764959672, 3.1824463052837078,
    1.637744353696209,
  ],
  7: [
    0.6837964321553578, 0.8246916685898963, 0.9795038907071235, 2.364624251592784,
    1.4149239276505086,
  ],
  15: [
    0.6878349432399622, 0.8334149320422618, 0.9877470983767431, 2.131449545559776,
    1.3406056078504558,
  ],
  63: [
    0.6905914550597921, 0.8394319842086871, 0.9924823978444338, 1.998340542520741,
    1.2951342937828885,
  ],
};
for (const [name, [half, one, far, wide, narrow]] of Object.entries(student)) {
  test(`Student's t with ${name} degrees of freedom`, () => {
    const degrees = Number(name);
    for (const [t, want] of [
      [0.5, half],
      [1, one],
      [2.5, far],
    ] as const) {
      near(studentCdf(t, degrees), want, 1e-13, `cdf ${t}`);
      near(studentCdf(-t, degrees), 1 - want, 1e-13, `cdf -${t}`);
    }
    near(studentQuantile(0.975, degrees), wide, 1e-11, '97.5 %');
    near(studentQuantile(0.9, degrees), narrow, 1e-11, '90 %');
    assert.equal(studentCdf(0, degrees), 0.5);
    assert.equal(studentCdf(Number.POSITIVE_INFINITY, degrees), 1);
  });
}

test('the interval of a mean, by hand', () => {
  assert.equal(mean([1, 2, 6]), 3);
  assert.equal(meanSquare([1, 2, 6]), 7);
  assert.equal(meanInterval([1]), undefined);
  const { low = 0, high = 0 } = meanInterval([1, 3]) ?? {};
  near(low, 2 - 12.706204736174694, 1e-11, 'low');
  near(high, 2 + 12.706204736174694, 1e-11, 'high');
});

test('Holm, by hand', () => {
  assert.deepEqual(holm([0.01, 0.04, 0.03, 0.5]), [0.04, 0.09, 0.09, 0.5]);
  assert.deepEqual(holm([]), []);
  assert.deepEqual(holm([0.6, 0.7]), [1, 1]);
});
