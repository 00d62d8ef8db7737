import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSame, omitUndefined } from './same.ts';

test('a JSON value equals its copy, whatever the order of its members', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const reversed = (part: unknown): unknown =>
        Array.isArray(part)
          ? part.map(reversed)
          : typeof part === 'object' && part !== null
            ? Object.fromEntries(
                Object.entries(part)
                  .toReversed()
                  .map(([key, own]) => [key, reversed(own)]),
              )
            : part;
      assert.ok(isSame(value, reversed(value)));
    }),
  );
});

const cases: Record<string, { a: unknown; b: unknown; want: boolean }> = {
  'absent and undefined are the same': { a: { x: undefined, y: 1 }, b: { y: 1 }, want: true },
  'undefined and absent are the same': { a: { y: 1 }, b: { x: undefined, y: 1 }, want: true },
  'null and absent differ': { a: { x: null }, b: {}, want: false },
  'a member more is a difference': { a: { x: 1 }, b: { x: 1, y: 2 }, want: false },
  'lists differ by order': { a: [1, 2], b: [2, 1], want: false },
  'lists differ by length': { a: [1], b: [1, 2], want: false },
  'a list is no object': { a: [], b: {}, want: false },
  'an object is no list': { a: {}, b: [], want: false },
  'texts are no numbers': { a: '1', b: 1, want: false },
};
for (const [name, { a, b, want }] of Object.entries(cases)) {
  test(name, () => assert.equal(isSame(a, b), want));
}

test('undefined members are left out, null and zero are not', () => {
  assert.deepEqual(omitUndefined({ a: undefined, b: null, c: 0 }), { b: null, c: 0 });
});
