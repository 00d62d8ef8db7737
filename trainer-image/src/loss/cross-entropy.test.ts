import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDevice } from '../testing/layer-probe.ts';
import { crossEntropy } from './cross-entropy.ts';

const device = testDevice();

const cases: Record<string, { logits: number[]; label: number; want: number }> = {
  'R19 equal logits cost the logarithm of their number': {
    logits: [0, 0, 0],
    label: 1,
    want: Math.log(3),
  },
  'R19 a logit of -1000 does no harm': { logits: [-10, 10, -1000], label: 0, want: 20 },
  'R19 a certain and right answer costs nothing': { logits: [100, 0, -1000], label: 0, want: 0 },
};
for (const [name, { logits, label, want }] of Object.entries(cases)) {
  test(name, () => {
    const tensor = device.floats([1, 3], Float32Array.from(logits));
    const { values, gradient } = crossEntropy(device, tensor, Int32Array.of(label));
    assert.ok(Math.abs((values[0] ?? Number.NaN) - want) < 1e-5, `${values[0]}, not ${want}`);
    const exponents = logits.map((value) => Math.exp(value - Math.max(...logits)));
    const sum = exponents.reduce((a, b) => a + b, 0);
    for (const [i, got] of device.readFloats(gradient).entries()) {
      const wanted = (exponents[i] ?? 0) / sum - (i === label ? 1 : 0);
      assert.ok(Math.abs(got - wanted) < 1e-5, `gradient ${i}: ${got}, not ${wanted}`);
    }
    device.free(tensor, gradient);
  });
}

test('the gradient is that of the mean over the batch', () => {
  const one = device.floats([1, 2], Float32Array.of(1, 2));
  const two = device.floats([2, 2], Float32Array.of(1, 2, 1, 2));
  const single = device.readFloats(crossEntropy(device, one, Int32Array.of(0)).gradient);
  const double = device.readFloats(crossEntropy(device, two, Int32Array.of(0, 0)).gradient);
  assert.deepEqual(
    [...double],
    [...single, ...single].map((value) => value / 2),
  );
});
