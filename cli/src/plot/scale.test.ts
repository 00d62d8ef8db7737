import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { choiceScale, durationScale, linearScale, logScale, paddedRange } from './scale.ts';

const texts = (ticks: readonly { text: string }[]) => ticks.map(({ text }) => text);

const TICKS = {
  'round numbers between 0 and 1': [
    linearScale([0, 1]).ticks(5),
    ['0', '0.2', '0.4', '0.6', '0.8', '1'],
  ],
  'no rounding noise': [linearScale([0, 0.5]).ticks(5), ['0', '0.1', '0.2', '0.3', '0.4', '0.5']],
  'below zero': [linearScale([-10, 10]).ticks(4), ['-10', '-5', '0', '5', '10']],
  'powers of ten': [logScale([1e-5, 1e-2]).ticks(8), ['1e-5', '1e-4', '0.001', '0.01']],
  'numbers in between where a power is alone': [
    logScale([2e-3, 8e-3]).ticks(8),
    ['0.002', '0.005'],
  ],
  'choices as they are called': [choiceScale(['adam', 'sgd']).ticks(1), ['adam', 'sgd']],
  'times that people say': [
    durationScale([0, 3600]).ticks(4),
    ['0', '15m00s', '30m00s', '45m00s', '1h00m'],
  ],
} as const;
for (const [name, [ticks, expected]] of Object.entries(TICKS)) {
  test(`ticks: ${name}`, () => assert.deepEqual(texts(ticks), expected));
}

test('every finite value of a range has a place between 0 and 1, in order', () => {
  const finite = fc.double({ min: -1e12, max: 1e12, noNaN: true });
  fc.assert(
    fc.property(fc.array(finite, { minLength: 1 }), (values) => {
      const scale = linearScale(paddedRange(values));
      const places = values.toSorted((a, b) => a - b).map((value) => scale.at(value));
      assert.ok(
        places.every((place) => place >= 0 && place <= 1),
        String(places),
      );
      assert.deepEqual(
        places,
        places.toSorted((a, b) => a - b),
      );
    }),
  );
});

test('ticks lie inside their scale, ascend, and are about as many as asked for', () => {
  const value = fc.double({ min: 1e-9, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(value, value, fc.integer({ min: 1, max: 12 }), (a, b, most) => {
      for (const scale of [linearScale(paddedRange([a, b])), logScale([a, b])]) {
        const ticks = scale.ticks(most);
        assert.ok(ticks.length <= 2 * most + 2, `${ticks.length} of ${most}`);
        for (const { value: at } of ticks) {
          assert.ok(scale.at(at) >= -1e-6 && scale.at(at) <= 1 + 1e-6, `${at}`);
        }
      }
    }),
  );
});

test('what is not finite, or not above 0 on a log scale, has no place', () => {
  assert.ok(Number.isNaN(linearScale([0, 1]).at(Number.POSITIVE_INFINITY)));
  assert.ok(Number.isNaN(logScale([1, 2]).at(0)));
});
