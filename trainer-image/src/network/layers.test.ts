import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor } from '../backend/device.ts';
import { noise, probeLayer, separated, sizeOf, testDevice } from '../testing/layer-probe.ts';
import { BatchNorm } from './batch-norm.ts';
import { Convolution } from './convolution.ts';
import { convolutionLayout, linearLayout, vectorLayout } from './file-layout.ts';
import { Flatten } from './flatten.ts';
import { Initialiser } from './initialise.ts';
import type { Layer } from './layer.ts';
import { Linear } from './linear.ts';
import { MaxPool } from './max-pool.ts';
import { Network } from './network.ts';
import { Relu } from './relu.ts';

const device = testDevice();
const initial = new Initialiser(device, 1);

function convolution(name: string, from: number, to: number): Convolution {
  return new Convolution(
    device,
    initial.uniform(`${name}.weight`, [3, 3, from, to], 9, convolutionLayout(from, to)),
    initial.uniform(`${name}.bias`, [to], 9, vectorLayout(to)),
    { isFirst: false, isNormalised: false },
  );
}

function batchNorm(channels: number): BatchNorm {
  const layout = vectorLayout(channels);
  return new BatchNorm(
    device,
    initial.uniform('bn.weight', [channels], 1, layout),
    initial.uniform('bn.bias', [channels], 1, layout),
    initial.statistic('bn.running_mean', channels, 0),
    initial.statistic('bn.running_var', channels, 1),
  );
}

const cases: Record<string, { layer: Layer; shape: readonly number[] }> = {
  'a convolution': { layer: convolution('conv', 2, 3), shape: [2, 4, 4, 2] },
  'batch normalisation': { layer: batchNorm(3), shape: [2, 3, 3, 3] },
  'max pooling by oneDNN': { layer: new MaxPool(device), shape: [2, 4, 4, 3] },
  'max pooling by the plain op': { layer: new MaxPool(device, false), shape: [2, 5, 5, 3] },
  'a rectifier': { layer: new Relu(device), shape: [3, 7] },
  'a flattening': { layer: new Flatten(device), shape: [2, 2, 3, 2] },
  'a linear layer': {
    layer: new Linear(
      device,
      initial.uniform('fc.weight', [5, 4], 5, linearLayout(5, 4)),
      initial.uniform('fc.bias', [4], 5, vectorLayout(4)),
    ),
    shape: [3, 5],
  },
};

const EPSILON = 1e-2;

for (const [name, { layer, shape }] of Object.entries(cases)) {
  test(`${name} has the gradients that finite differences give`, () => {
    const probe = probeLayer(device, layer, shape);
    // Close neighbours would change places within the step of the difference.
    const input = separated(name, sizeOf(shape));
    const weights = noise(`${name} out`, probe.output(input).length);
    const sumAt = (values: Float32Array): number =>
      probe.output(values).reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0);
    const slope = (values: Float32Array, index: number, at: () => number): number => {
      const held = values[index] ?? 0;
      values[index] = held + EPSILON;
      const above = at();
      values[index] = held - EPSILON;
      const below = at();
      values[index] = held;
      return (above - below) / (2 * EPSILON);
    };
    const [byInput, ...byParameters] = probe.gradients(input, weights);
    for (const index of input.keys()) {
      assertClose(
        byInput?.[index],
        slope(input, index, () => sumAt(input)),
        `input ${index}`,
      );
    }
    for (const [place, { variable, name: label }] of layer.parameters.entries()) {
      const values = variable.readFloats();
      const assign = (): number => {
        // A tensor may share its array's memory, which the next probe changes.
        const value = device.floats(variable.shape, values.slice());
        variable.assign(value);
        device.free(value);
        return sumAt(input);
      };
      for (const index of values.keys()) {
        const want = slope(values, index, assign);
        assertClose(byParameters[place]?.[index], want, `${label} ${index}`);
      }
      assign();
    }
  });
}

test('max pooling gives the same bits by oneDNN and by the plain op', {
  skip: !device.hasNativeMaxPool,
}, () => {
  const shape = [2, 9, 8, 5];
  const input = noise('pool', sizeOf(shape));
  const [native, plain] = [new MaxPool(device, true), new MaxPool(device, false)].map((layer) => {
    const probe = probeLayer(device, layer, shape);
    const output = probe.output(input);
    return { output, gradients: probe.gradients(input, noise('pool out', output.length)) };
  });
  assert.deepEqual(native, plain);
});

test('R17 batch normalisation in training moves the running statistics by a tenth, the variance unbiased', () => {
  const layer = batchNorm(1);
  const input = Float32Array.of(1, 2, 3, 6);
  probeLayer(device, layer, [4, 1, 1, 1]).output(input);
  const [mean, variance] = layer.statistics.map(({ value }) => device.readFloats(value)[0]);
  // Mean 3; squared differences 4 + 1 + 0 + 9 = 14, over n - 1 = 3.
  assertClose(mean, 0.1 * 3, 'mean', 1e-6);
  assertClose(variance, 0.9 + (0.1 * 14) / 3, 'variance', 1e-6);
});

test('R17 a convolution that leaves its bias to the normalisation gives what one with its bias gives', () => {
  const blockOf = (isNormalised: boolean): Layer[] => {
    const fresh = new Initialiser(device, 7);
    const weight = fresh.uniform('c.weight', [3, 3, 2, 3], 9, convolutionLayout(2, 3));
    const bias = fresh.uniform('c.bias', [3], 1, vectorLayout(3));
    const layout = vectorLayout(3);
    return [
      new Convolution(device, weight, bias, { isFirst: false, isNormalised }),
      new BatchNorm(
        device,
        fresh.uniform('b.weight', [3], 1, layout),
        fresh.uniform('b.bias', [3], 1, layout),
        fresh.statistic('b.running_mean', 3, 0.3),
        fresh.statistic('b.running_var', 3, 1),
        isNormalised ? bias : undefined,
      ),
    ];
  };
  const shape = [4, 5, 5, 2];
  const [plain, saving] = [false, true].map((isNormalised) => {
    const network = new Network(device, blockOf(isNormalised));
    const images = (): Tensor => device.floats(shape, noise('block', sizeOf(shape)));
    const seen: Float32Array[] = [];
    for (let step = 0; step < 3; step++) {
      const output = network.forward(images());
      seen.push(device.readFloats(output));
      network.backward(device.floats(output.shape, noise('by', sizeOf(output.shape))));
      for (const { gradient } of network.parameters) {
        if (gradient !== undefined) seen.push(device.readFloats(gradient));
      }
      network.releaseGradients();
    }
    seen.push(...network.statistics.map(({ value }) => device.readFloats(value)));
    const input = images();
    const evaluated = network.evaluate(input);
    seen.push(device.readFloats(evaluated));
    device.free(input, evaluated);
    network.dispose();
    return seen;
  });
  assert.equal(saving?.length, 18);
  for (const [place, values] of (saving ?? []).entries()) {
    for (const [i, value] of values.entries()) {
      assertClose(value, plain?.[place]?.[i], `${place} ${i}`, 5e-6);
    }
  }
});

test('R17 batch normalisation in evaluation uses the running statistics and leaves them alone', () => {
  const layer = batchNorm(1);
  const before = layer.statistics.map(({ value }) => device.readFloats(value)[0]);
  const x = device.floats([2, 1, 1, 1], Float32Array.of(5, -3));
  const y = layer.forward(x, false);
  const [gamma = 0, beta = 0] = layer.parameters.map(({ variable }) => variable.readFloats()[0]);
  const wanted = [5, -3].map((value) => (gamma * value) / Math.sqrt(1 + 1e-5) + beta);
  for (const [i, value] of device.readFloats(y).entries()) assertClose(value, wanted[i], '', 1e-6);
  device.free(x, y);
  assert.deepEqual(
    layer.statistics.map(({ value }) => device.readFloats(value)[0]),
    before,
  );
});

function assertClose(
  got: number | undefined,
  want: number | undefined,
  what: string,
  tolerance = 3e-3,
): void {
  assert.ok(got !== undefined && want !== undefined);
  assert.ok(
    Math.abs(got - want) <= tolerance * Math.max(1, Math.abs(want)),
    `${what}: ${got}, not ${want}`,
  );
}
