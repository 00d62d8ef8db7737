import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addToDigest, EMPTY_DIGEST, formatDigest } from './digest.ts';
import { parseReportLine } from './parse-report-line.ts';
import { encodeReportLine, type Point } from './report.ts';

type Counted = Omit<Point, 'time'>;

function digestOf(points: readonly Counted[]): string {
  return formatDigest(points.reduce(addToDigest, EMPTY_DIGEST));
}

const number = fc.double();
const point: fc.Arbitrary<Counted> = fc.record({
  seq: fc.maxSafeNat(),
  step: fc.maxSafeNat(),
  epoch: fc.nat(),
  values: fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), number),
});

const one: Counted = { seq: 0, step: 10, epoch: 0, values: { loss: 2.5 } };
const two: Counted = {
  seq: 1,
  step: 20,
  epoch: 1,
  // Sorted by code point, the emoji is last; by UTF-16 unit it would come before U+FFEE.
  values: { valid_acc: 0.9375, loss: Number.NaN, '\u{1f600}': 0, '\uffee': 1e-300 },
};
const three: Counted = { seq: 2, step: 30, epoch: 2, values: {} };

/*
 * Reference values, computed independently by:
 *
 *   def digest(points):
 *       H, L = 0, 0
 *       for seq, step, epoch, values in points:
 *           data = struct.pack('<3d', seq, step, epoch)
 *           data += b''.join(n.encode() + b'\0' + struct.pack('<d', v) for n, v in sorted(values.items()))
 *           h, l = 0x811c9dc5, 0xa3b93881
 *           for b in data:
 *               h, l = ((h ^ b) * 16777619) & 0xffffffff, ((l ^ b) * 16777619) & 0xffffffff
 *           H ^= h; L ^= l
 *       return '%08x%08x' % (H, L)
 */
const vectors: Record<string, { points: Counted[]; want: string }> = {
  'no point': { points: [], want: '0000000000000000' },
  'one metric': { points: [one], want: '513545c6ddecf62a' },
  'names beyond ASCII, NaN and a tiny value': { points: [two], want: '2c9174707a315b24' },
  'a point without metrics': { points: [three], want: '854b5cdb4177ca1f' },
  'all three': { points: [one, two, three], want: 'f8ef6d6de6aa6711' },
};
for (const [name, tc] of Object.entries(vectors)) {
  test(`the digest equals the reference: ${name}`, () => {
    assert.equal(digestOf(tc.points), tc.want);
  });
}

test('the digest does not depend on the order of points, nor of the metrics of a point', () => {
  fc.assert(
    fc.property(
      fc.array(point, { maxLength: 8 }),
      fc.array(fc.nat(), { minLength: 8 }),
      (points, keys) => {
        const shuffled = points
          .map((item, index) => ({ item, key: keys[index] ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ item }) => ({
            ...item,
            values: Object.fromEntries(Object.entries(item.values).reverse()),
          }));
        assert.equal(digestOf(shuffled), digestOf(points));
      },
    ),
  );
});

test('a lost point changes the digest', () => {
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 5 }), (points) => {
      assert.notEqual(digestOf(points.slice(1)), digestOf(points));
    }),
  );
});

test('the digest survives the way over JSON, with NaN, infinities and -0', () => {
  fc.assert(
    fc.property(fc.array(point, { maxLength: 4 }), (points) => {
      const sent = points.map((item) => ({ ...item, time: 0 }));
      const parsed = parseReportLine(encodeReportLine({ kind: 'points', points: sent }));
      // Empty and overlong names are the parser's to refuse; `__proto__` is no metric.
      fc.pre(parsed.ok && points.every(({ values }) => !Object.hasOwn(values, '__proto__')));
      assert.ok(parsed.ok && parsed.line.kind === 'points');
      assert.equal(digestOf(parsed.line.points), digestOf(points));
    }),
  );
});
