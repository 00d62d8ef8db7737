import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatRaceBasis, parseRaceBasis, type RaceKnown } from './race-basis.ts';
import { splitWaiting, withWaiting } from './waiting.ts';

/** Rungs that each hold some of the one before. */
const known = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 120 }),
    fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 400, maxLength: 401 }),
    fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 10 }),
  )
  .map(([numbers, levels, faults]): RaceKnown => {
    const sorted = numbers.toSorted((a, b) => a - b);
    const rungs = [0, 1, 2, 3].map((rung) =>
      sorted.filter((number) => (levels[number] ?? 0) >= rung),
    );
    return { rungs, faults: faults.toSorted((a, b) => a - b) };
  });

test('the basis of a race, by hand', () => {
  const { text } = formatRaceBasis({ rungs: [[0, 1, 2, 4], [1, 2], []], faults: [3] });
  assert.equal(text, '3!0-2,4/1-2/');
  assert.deepEqual(parseRaceBasis('!0-1//', 3), { rungs: [[0, 1], [], []], faults: [] });
});

test('what a race knew is read back, and never takes more room than it may', () => {
  fc.assert(
    fc.property(known, fc.integer({ min: 16, max: 400 }), (all, maxBytes) => {
      const whole = formatRaceBasis(all);
      assert.deepEqual(whole.known, all);
      assert.deepEqual(parseRaceBasis(whole.text, 4), all);
      const cut = formatRaceBasis(all, maxBytes);
      assert.ok(cut.text.length <= maxBytes, `${cut.text.length} of ${maxBytes}`);
      // Whoever reads the cut text knows exactly what the decision was taken by.
      assert.deepEqual(parseRaceBasis(cut.text, 4), cut.known);
      for (const [rung, numbers] of cut.known.rungs.entries()) {
        assert.deepEqual(
          numbers,
          all.rungs[rung]?.filter((number) => numbers.includes(number)),
        );
      }
    }),
  );
});

for (const text of ['', '0-3', '!0-3', '!0-3/4/', '!0-3/1/2/3/4', '!!0//', '1,0!0//', '!0-0//']) {
  test(`"${text}" is no basis of a race with three rungs`, () => {
    assert.throws(() => parseRaceBasis(text, 3), RangeError);
  });
}

test('who waits is read back from a basis, and what does not fit is left out on both sides', () => {
  const places = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.constantFrom(1, 4, 16)));
  fc.assert(
    fc.property(places, fc.integer({ min: 8, max: 200 }), (pairs, maxBytes) => {
      const waiting = new Map(pairs);
      const { text, known } = withWaiting('0-5', waiting);
      assert.deepEqual(new Map([...known].sort()), new Map([...waiting].sort()));
      assert.deepEqual(splitWaiting(text).results, '0-5');
      assert.deepEqual(
        new Map([...splitWaiting(text).waiting].sort()),
        new Map([...waiting].sort()),
      );
      const cut = withWaiting('0-5', waiting, maxBytes);
      assert.ok(cut.text.length <= maxBytes);
      assert.deepEqual(
        new Map([...splitWaiting(cut.text).waiting].sort()),
        new Map([...cut.known].sort()),
      );
    }),
  );
  for (const text of ['0;', '0;1', '0;4:1;1:2', '0;1:2-2', ';x:1']) {
    assert.throws(() => splitWaiting(text), RangeError, text);
  }
});
