import assert from 'node:assert/strict';
import { test } from 'node:test';
import util from 'node:util';
import { crossEntropy } from '../loss/cross-entropy.ts';
import { noise, testDevice } from '../testing/layer-probe.ts';
import { buildNetwork, type Network } from './network.ts';
import { specifyLayers } from './specification.ts';

const device = testDevice();
// Gone since Node 23, and still called by tfjs.
Object.assign(util, {
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
});
Object.assign(util, { isArray: Array.isArray });
const tf = await import('@tensorflow/tfjs-node-gpu');
type Tensor4D = import('@tensorflow/tfjs-node-gpu').Tensor4D;
type Tensor2D = import('@tensorflow/tfjs-node-gpu').Tensor2D;
type Tensor = import('@tensorflow/tfjs-node-gpu').Tensor;
type Variable = import('@tensorflow/tfjs-node-gpu').Variable;

const [SIDE, BATCH] = [16, 5];
const SIZES = { imageSize: SIDE, channels: [4, 6], hidden: [10], classes: 3 };
const pixels = noise('variable-grads', BATCH * SIDE * SIDE * 3);
const labels = Int32Array.of(0, 1, 2, 1, 0);

/** The same network in tfjs' own ops, which know their gradients. */
function lossBy(variables: ReadonlyMap<string, Variable>): () => Tensor {
  const get = <T extends Tensor>(name: string): T => {
    const variable = variables.get(name);
    if (variable === undefined) throw new Error(name);
    return variable as unknown as T;
  };
  return () => {
    let value = tf.tensor4d(pixels, [BATCH, SIDE, SIDE, 3]);
    for (const block of [0, 4]) {
      const convolved = tf.conv2d(value, get<Tensor4D>(`cnn.${block}.weight`), 1, 'same');
      const biased = convolved.add(get(`cnn.${block}.bias`));
      const { mean, variance } = tf.moments(biased, [0, 1, 2]);
      const normal = biased.sub(mean).div(variance.add(1e-5).sqrt());
      const scaled = normal.mul(get(`cnn.${block + 1}.weight`)).add(get(`cnn.${block + 1}.bias`));
      value = tf.maxPool(scaled.relu() as Tensor4D, 2, 2, 'valid');
    }
    let flat = value.reshape([BATCH, -1]) as Tensor2D;
    flat = flat.matMul(get('fc.0.weight')).add(get('fc.0.bias')).relu();
    const logits = flat.matMul(get('fc.2.weight')).add(get('fc.2.bias'));
    const targets = tf.oneHot(tf.tensor1d(labels, 'int32'), 3);
    return tf.losses.softmaxCrossEntropy(targets, logits);
  };
}

function gradientsHere(network: Network): { loss: number; gradients: Map<string, Float32Array> } {
  const logits = network.forward(device.floats([BATCH, SIDE, SIDE, 3], pixels));
  const { values, gradient } = crossEntropy(device, logits, labels);
  network.backward(gradient);
  const gradients = new Map<string, Float32Array>();
  for (const { name, gradient: own } of network.parameters) {
    if (own !== undefined) gradients.set(name, device.readFloats(own));
  }
  network.releaseGradients();
  return { loss: values.reduce((a, b) => a + b) / BATCH, gradients };
}

test('every gradient of a whole pass is the one that tf.variableGrads finds', () => {
  const network = buildNetwork(device, specifyLayers(SIZES), 7);
  const variables = new Map(
    network.parameters.map(({ name, variable }) => [
      name,
      tf.variable(tf.tensor(variable.readFloats(), [...variable.shape]), true, `grads/${name}`),
    ]),
  );
  const { value, grads } = tf.variableGrads(
    lossBy(variables) as () => import('@tensorflow/tfjs-node-gpu').Scalar,
  );
  const { loss, gradients } = gradientsHere(network);
  assert.ok(Math.abs(loss - (value.dataSync()[0] ?? 0)) < 1e-5);
  assert.equal(gradients.size, Object.keys(grads).length);
  for (const [name, ours] of gradients) {
    const theirs = grads[`grads/${name}`]?.dataSync() ?? [];
    assert.equal(ours.length, theirs.length, name);
    const largest = ours.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    for (const [i, each] of ours.entries()) {
      const gap = Math.abs(each - (theirs[i] ?? Number.NaN));
      // A convolution's bias before the normalisation has nothing but rounding.
      assert.ok(gap <= 1e-4 * largest + 2e-6, `${name} ${i}: ${each}, not ${theirs[i]}`);
    }
  }
  network.dispose();
});
