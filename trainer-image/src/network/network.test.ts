import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crossEntropy } from '../loss/cross-entropy.ts';
import { noise, testDevice } from '../testing/layer-probe.ts';
import { buildNetwork } from './network.ts';
import { countParameters, specifyNetwork } from './specification.ts';

const SMALL = { imageSize: 32, width: 0.05, classes: 3 };

const counts: Record<string, { shape: Parameters<typeof specifyNetwork>[0]; want: number }> = {
  'R15 the recipe has 12,833,803 parameters': {
    shape: { imageSize: 128, width: 1, classes: 11 },
    want: 12_833_803,
  },
  'a size that is no multiple of 32 loses its last rows': {
    shape: { imageSize: 63, width: 1, classes: 11 },
    want: 12_833_803 - 1024 * 512 * 15,
  },
};
for (const [name, { shape, want }] of Object.entries(counts)) {
  test(name, () => assert.equal(countParameters(specifyNetwork(shape)), want));
}

test('an image below 32 pixels does not survive five poolings', () => {
  assert.throws(() => specifyNetwork({ ...SMALL, imageSize: 31 }), /at least 32/);
});

test('R16 the network ends in logits, without a softmax', () => {
  const device = testDevice();
  const network = buildNetwork(device, specifyNetwork(SMALL), 1);
  const images = device.floats([2, 32, 32, 3], noise('logits', 2 * 32 * 32 * 3));
  const logits = network.evaluate(images);
  const values = device.readFloats(logits);
  assert.ok(values.some((value) => value < 0));
  assert.equal(network.layers.at(-1)?.kind, 'linear');
  device.free(images, logits);
  network.dispose();
});

test('the built network has as many numbers as the specification counts', () => {
  const device = testDevice();
  const specification = specifyNetwork(SMALL);
  const network = buildNetwork(device, specification, 1);
  const built = network.parameters.reduce(
    (sum, { variable }) => sum + variable.readFloats().length,
    0,
  );
  assert.equal(built, countParameters(specification));
  network.dispose();
});

test('R1 the same seed gives the same weights, another seed others', () => {
  const device = testDevice();
  const firstBias = (seed: number): Float32Array | undefined => {
    const network = buildNetwork(device, specifyNetwork(SMALL), seed);
    const values = network.parameters[1]?.variable.readFloats();
    network.dispose();
    return values;
  };
  assert.deepEqual(firstBias(6666), firstBias(6666));
  assert.notDeepEqual(firstBias(6666), firstBias(6667));
});

test('a whole pass agrees with finite differences and leaves no tensor behind', () => {
  const device = testDevice();
  const network = buildNetwork(device, specifyNetwork(SMALL), 3);
  const pixels = noise('pixels', 6 * 32 * 32 * 3);
  const labels = Int32Array.of(0, 1, 2, 0, 1, 2);
  const images = () => device.floats([6, 32, 32, 3], pixels);
  const lossNow = (): number => {
    const { values, gradient } = crossEntropy(device, network.forward(images()), labels);
    device.free(gradient);
    return values.reduce((sum, value) => sum + value, 0) / labels.length;
  };
  const before = device.liveTensors;
  const logits = network.forward(images());
  network.backward(crossEntropy(device, logits, labels).gradient);
  assert.equal(device.liveTensors, before + network.parameters.length);

  for (const name of ['fc.4.weight', 'fc.0.weight', 'cnn.17.weight', 'cnn.16.weight']) {
    const parameter = network.parameters.find((each) => each.name === name);
    assert.ok(parameter?.gradient);
    const gradient = device.readFloats(parameter.gradient);
    // The steepest one: small slopes drown in the rounding of a float32 loss.
    const index = gradient.reduce(
      (best, value, i) => (Math.abs(value) > Math.abs(gradient[best] ?? 0) ? i : best),
      0,
    );
    const values = parameter.variable.readFloats();
    const lossAt = (offset: number): number => {
      const moved = values.slice();
      moved[index] = (values[index] ?? 0) + offset;
      const value = device.floats(parameter.variable.shape, moved);
      parameter.variable.assign(value);
      device.free(value);
      return lossNow();
    };
    const slope = (lossAt(1e-3) - lossAt(-1e-3)) / 2e-3;
    lossAt(0);
    const got = gradient[index] ?? Number.NaN;
    assert.ok(
      Math.abs(got - slope) < 0.05 * Math.abs(slope) + 1e-3,
      `${name}: ${got}, not ${slope}`,
    );
  }
  network.dispose();
});
