import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseParameters } from '../parameters/parse-parameters.ts';
import { noise, testDevice } from '../testing/layer-probe.ts';
import { Session } from './session.ts';

const device = testDevice();
const SMALL: [string, number][] = [
  ['imageSize', 32],
  ['width', 0.05],
];
const progress = { step: 6, totalSteps: 10, stepsPerEpoch: 10 };

/** A step whose last layer's weights are multiplied by `factor`; what it throws. */
function stepWith(factor: number): unknown {
  const session = new Session(device, parseParameters(SMALL));
  const last = session.network.parameters.at(-2);
  assert.equal(last?.name, 'fc.4.weight');
  const values = last.variable.readFloats().map((value) => value * factor);
  const scaled = device.floats(last.variable.shape, values);
  last.variable.assign(scaled);
  device.free(scaled);
  const before = session.network.parameters.map(({ variable }) => variable.readFloats());
  const images = device.floats([2, 32, 32, 3], noise('session', 2 * 32 * 32 * 3));
  try {
    session.train(images, Int32Array.of(0, 1), progress);
    return undefined;
  } catch (error) {
    const after = session.network.parameters.map(({ variable }) => variable.readFloats());
    assert.deepEqual(after, before, 'the weights stay');
    return error;
  } finally {
    session.dispose();
  }
}

const cases: Record<string, { factor: number; want: RegExp }> = {
  'R31 a norm that is not finite while the loss is ends the run before the update': {
    factor: 1e25,
    want: /^the norm of the gradient is Infinity at step 7$/,
  },
  'a loss that is not finite ends the run before the update': {
    factor: Number.POSITIVE_INFINITY,
    want: /^the loss is (NaN|Infinity) at step 7$/,
  },
};
for (const [name, { factor, want }] of Object.entries(cases)) {
  test(name, () => {
    const error = stepWith(factor);
    assert.ok(error instanceof Error && 'exitCode' in error);
    assert.match(error.message, want);
    assert.equal(error.exitCode, 21);
  });
}

test('a step with finite numbers goes on', () => assert.equal(stepWith(1), undefined));
