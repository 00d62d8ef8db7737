import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { generatorFor, xoshiro128 } from './generator.ts';
import { absorb, hashText, keyOf, mix64, nextState, type Word64, wordOf } from './hash.ts';

const big = (word: Word64) => (BigInt(word.hi) << 32n) | BigInt(word.lo);

/** The published algorithm, in BigInt. */
function referenceMix(z: bigint): bigint {
  const first = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  const second = BigInt.asUintN(64, (first ^ (first >> 27n)) * 0x94d049bb133111ebn);
  return second ^ (second >> 31n);
}

test('SplitMix64 gives the published stream of seed 1234567', () => {
  let state = wordOf(1234567);
  const stream: bigint[] = [];
  for (let i = 0; i < 5; i++) {
    state = nextState(state);
    stream.push(big(mix64(state)));
  }
  assert.deepEqual(stream, [
    6457827717110365317n,
    3203168211198807973n,
    9817491932198370423n,
    4593380528125082431n,
    16408922859458223821n,
  ]);
});

test('the 32-bit pieces agree with 64-bit arithmetic on every word', () => {
  const uint32 = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(uint32, uint32, (hi, lo) => {
      assert.equal(big(mix64({ hi, lo })), referenceMix(big({ hi, lo })));
      const next = BigInt.asUintN(64, big({ hi, lo }) + 0x9e3779b97f4a7c15n);
      assert.equal(big(nextState({ hi, lo })), next);
    }),
    { numRuns: 2000 },
  );
});

test('safe integers become their two complement', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (n) => {
      assert.equal(big(wordOf(n)), BigInt.asUintN(64, BigInt(n)));
    }),
  );
});

test('xoshiro128** gives the published stream of state 1, 2, 3, 4', () => {
  const generator = xoshiro128(1, 2, 3, 4);
  assert.deepEqual(
    Array.from({ length: 10 }, () => generator.next32()),
    [
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597,
      4258142804,
    ],
  );
  assert.throws(() => xoshiro128(0, 0, 0, 0), RangeError);
});

test('seed, index and purpose each lead to another stream, and none is the sum of two', () => {
  const seen = new Set<bigint>();
  for (const purpose of ['a', 'b', 'ab', 'ba', 'abc', '']) {
    const key = hashText(purpose);
    for (let seed = -8; seed < 8; seed++) {
      for (let index = 0; index < 16; index++) seen.add(big(keyOf(seed, index, key)));
    }
  }
  assert.equal(seen.size, 6 * 16 * 16);
  assert.notDeepEqual(
    absorb(absorb(wordOf(0), wordOf(1)), wordOf(2)),
    absorb(absorb(wordOf(0), wordOf(2)), wordOf(1)),
    'order of absorption counts',
  );
});

test('the stream of a purpose is pinned: another one would change every recorded search', () => {
  const generator = generatorFor(1, 0, hashText('test'));
  assert.deepEqual([generator.next32(), generator.next32(), generator.nextUnit()], PINNED);
});
const PINNED = [269837717, 4201405162, 0.03656877562529015];

test('first draws over consecutive indices are uniform and uncorrelated', () => {
  const n = 20000;
  const purpose = hashText('lr');
  const draws = Array.from({ length: n }, (_, i) => generatorFor(7, i, purpose).nextUnit());
  const cells = new Array(64).fill(0);
  for (const u of draws) {
    assert.ok(u >= 0 && u < 1);
    cells[Math.floor(u * 64)]++;
  }
  const expected = n / 64;
  const chi2 = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 63 degrees of freedom: the 99.99 % point is 113.
  assert.ok(chi2 < 113, `chi-square ${chi2}`);
  let correlation = 0;
  let before = 0;
  for (const u of draws) {
    correlation += before * (u - 0.5) * 12;
    before = u - 0.5;
  }
  assert.ok(Math.abs(correlation / n) < 4 / Math.sqrt(n), `correlation ${correlation / n}`);
});
