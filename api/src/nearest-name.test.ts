import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearestName } from './nearest-name.ts';

const distances: Record<string, { a: string; b: string; want: number }> = {
  'equal texts are at distance 0': { a: 'max', b: 'max', want: 0 },
  'one letter too many': { a: 'maxx', b: 'max', want: 1 },
  'one letter missing': { a: 'parmeters', b: 'parameters', want: 1 },
  'one wrong letter': { a: 'objectibe', b: 'objective', want: 1 },
  'two neighbours swapped count once': { a: 'trails', b: 'trials', want: 1 },
  'nothing in common': { a: 'abc', b: 'xyz', want: 3 },
  'the empty text': { a: '', b: 'xyz', want: 3 },
};
for (const [name, tc] of Object.entries(distances)) {
  test(`edit distance: ${name}`, () => assert.equal(editDistance(tc.a, tc.b), tc.want));
}

test('the edit distance is symmetric, 0 only for equal texts, and at most the longer length', () => {
  const text = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const distance = editDistance(a, b);
      assert.equal(distance, editDistance(b, a));
      assert.equal(distance === 0, a === b);
      assert.ok(distance <= Math.max(a.length, b.length));
    }),
  );
});

const names: Record<string, { name: string; candidates: string[]; want: string | undefined }> = {
  'a typing error finds its name': { name: 'maxx', candidates: ['min', 'max'], want: 'max' },
  'case does not matter': { name: 'batchsize', candidates: ['batchSize'], want: 'batchSize' },
  'the nearest of several wins': {
    name: 'maxFaild',
    candidates: ['max', 'maxFailed'],
    want: 'maxFailed',
  },
  'a strange word finds nothing': { name: 'banana', candidates: ['min', 'max'], want: undefined },
  'a short name needs an exact match': { name: 'ab', candidates: ['lr'], want: undefined },
  'a short name in capitals is found': { name: 'LR', candidates: ['lr'], want: 'lr' },
  'no candidates, no name': { name: 'x', candidates: [], want: undefined },
};
for (const [name, tc] of Object.entries(names)) {
  test(`nearest name: ${name}`, () => assert.equal(nearestName(tc.name, tc.candidates), tc.want));
}

test('a name of a megabyte is compared in little time', () => {
  assert.equal(nearestName('x'.repeat(1 << 20), ['parameters']), undefined);
});
