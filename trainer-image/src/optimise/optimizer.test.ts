import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Variable } from '../backend/variable.ts';
import { vectorLayout } from '../network/file-layout.ts';
import type { Parameter } from '../network/layer.ts';
import { noise, testDevice } from '../testing/layer-probe.ts';
import { clipFactor } from './gradient-norm.ts';
import { Optimizer } from './optimizer.ts';
import { type OptimizerName, UPDATE_RULES } from './update-rules.ts';

const device = testDevice();
const SIZE = 5;
const STEPS = 40;
const LR = 0.02;
const DECAY = 0.03;

/** PyTorch's rules on plain numbers: the change of one weight per step. */
const REFERENCES: Record<OptimizerName, () => (gradient: number, step: number) => number> = {
  sgd: () => (gradient) => LR * gradient,
  momentum: () => {
    let velocity = 0;
    return (gradient) => {
      velocity = 0.9 * velocity + gradient;
      return LR * velocity;
    };
  },
  adagrad: () => {
    let sum = 0;
    return (gradient) => {
      sum += gradient ** 2;
      return (LR * gradient) / (Math.sqrt(sum) + 1e-10);
    };
  },
  rmsprop: () => {
    let square = 0;
    return (gradient) => {
      square = 0.99 * square + 0.01 * gradient ** 2;
      return (LR * gradient) / (Math.sqrt(square) + 1e-8);
    };
  },
  adam: adamChange,
  adamw: adamChange,
};

function adamChange(): (gradient: number, step: number) => number {
  let mean = 0;
  let square = 0;
  return (gradient, step) => {
    mean = 0.9 * mean + 0.1 * gradient;
    square = 0.999 * square + 0.001 * gradient ** 2;
    const correctedRoot = Math.sqrt(square) / Math.sqrt(1 - 0.999 ** step);
    return ((LR / (1 - 0.9 ** step)) * mean) / (correctedRoot + 1e-8);
  };
}

function parameterOf(values: Float32Array): Parameter {
  const initial = device.floats([values.length], values);
  const variable = new Variable(device, initial);
  device.free(initial);
  return { name: 'w', variable, layout: vectorLayout(values.length), gradient: undefined };
}

for (const name of Object.keys(REFERENCES) as OptimizerName[]) {
  // Gradients near 1e-8 are where a misplaced epsilon shows.
  for (const [what, scale] of [
    ['ordinary', 1],
    ['tiny', 1e-7],
  ] as const) {
    test(`R22-R27 ${name} follows PyTorch's rule for ${what} gradients, with decay and clipping`, () => {
      const start = noise('weights', SIZE);
      const parameter = parameterOf(start.slice());
      const decay = scale === 1 ? DECAY : 0;
      const limit = scale === 1 ? 1.2 : 0;
      const rule = UPDATE_RULES[name]({ momentum: 0.9, rmspropMomentum: 0 });
      const optimizer = new Optimizer(device, [parameter], rule, {
        weightDecay: decay,
        maxGradNorm: limit,
      });
      const wanted = Array.from(start);
      const rules = wanted.map(() => REFERENCES[name]());
      for (let step = 1; step <= STEPS; step++) {
        const gradient = noise(`gradient ${step}`, SIZE).map((value) => value * scale);
        const norm = Math.hypot(...gradient);
        const factor = clipFactor(norm, limit);
        for (const [i, weight] of wanted.entries()) {
          const penalty = name === 'adamw' ? 0 : decay * weight;
          const shrunk = name === 'adamw' ? weight * (1 - LR * decay) : weight;
          const pull = (gradient[i] ?? 0) * factor + penalty;
          wanted[i] = shrunk - (rules[i]?.(pull, step) ?? 0);
        }
        parameter.gradient = device.floats([SIZE], gradient);
        const measured = optimizer.gradientNorm();
        assert.ok(Math.abs(measured - norm) <= 1e-6 * norm);
        optimizer.apply(measured, LR, step);
        device.free(parameter.gradient);
      }
      for (const [i, value] of parameter.variable.readFloats().entries()) {
        const want = wanted[i] ?? Number.NaN;
        assert.ok(Math.abs(value - want) < 2e-6, `weight ${i}: ${value}, not ${want}`);
      }
    });
  }
}

test('R25 rmsprop with momentum keeps the rate outside the buffer', () => {
  const parameter = parameterOf(Float32Array.of(1));
  const rule = UPDATE_RULES.rmsprop({ momentum: 0, rmspropMomentum: 0.5 });
  const optimizer = new Optimizer(device, [parameter], rule, { weightDecay: 0, maxGradNorm: 0 });
  let [weight, square, buffer] = [1, 0, 0];
  for (const [index, rate] of [0.1, 0.1, 0.01].entries()) {
    parameter.gradient = device.floats([1], Float32Array.of(0.3));
    optimizer.apply(0.3, rate, index + 1);
    device.free(parameter.gradient);
    square = 0.99 * square + 0.01 * 0.09;
    buffer = 0.5 * buffer + 0.3 / (Math.sqrt(square) + 1e-8);
    weight -= rate * buffer;
  }
  assert.ok(Math.abs((parameter.variable.readFloats()[0] ?? 0) - weight) < 1e-6);
});

const clips: Record<string, { norm: number; limit: number; want: number }> = {
  'R30 a small norm is left alone': { norm: 3, limit: 10, want: 1 },
  'R30 a large norm is scaled down to the limit': { norm: 40, limit: 10, want: 10 / (40 + 1e-6) },
  'R30 a limit of 0 never clips': { norm: 1e9, limit: 0, want: 1 },
};
for (const [name, { norm, limit, want }] of Object.entries(clips)) {
  test(name, () => assert.equal(clipFactor(norm, limit), want));
}

test('R31 the norm of a gradient with NaN or infinity is not finite', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const parameter = parameterOf(new Float32Array(2));
    const optimizer = new Optimizer(device, [parameter], UPDATE_RULES.sgd(), {
      weightDecay: 0,
      maxGradNorm: 0,
    });
    parameter.gradient = device.floats([2], Float32Array.of(1, bad));
    assert.ok(!Number.isFinite(optimizer.gradientNorm()));
  }
});
