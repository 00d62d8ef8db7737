import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatBasis, parseBasis } from './basis.ts';

const cases: Record<string, { numbers: number[]; want: string }> = {
  none: { numbers: [], want: '' },
  one: { numbers: [3], want: '3' },
  'a range': { numbers: [0, 1, 2, 3], want: '0-3' },
  'ranges and single ones': { numbers: [0, 1, 2, 11, 13, 14], want: '0-2,11,13-14' },
};
for (const [name, { numbers, want }] of Object.entries(cases)) {
  test(`the basis of ${name} is "${want}"`, () => {
    assert.deepEqual(formatBasis(numbers), { text: want, count: numbers.length });
    assert.deepEqual(parseBasis(want), numbers);
  });
}

test('G11 a basis stays within its limit by leaving out the newest, and reads back as what it holds', () => {
  const numbers = fc
    .uniqueArray(fc.nat(99_999), { maxLength: 300 })
    .map((list) => list.sort((a, b) => a - b));
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 400 }), (all, limit) => {
      const { text, count } = formatBasis(all, limit);
      assert.ok(text.length <= limit);
      assert.deepEqual(parseBasis(text), all.slice(0, count));
    }),
  );
});

test('every second of 20,000 fits into 8 KiB as far as it goes', () => {
  const { text, count } = formatBasis(Array.from({ length: 10_000 }, (_, i) => 2 * i));
  assert.ok(text.length <= 8192 && text.length > 8180);
  assert.ok(count > 1400);
});

for (const text of ['x', '1-', '-1', '3,2', '2-1', '1,1', '1 ,2', '1e3', '9999999']) {
  test(`"${text}" is not a basis`, () => assert.throws(() => parseBasis(text), RangeError));
}
