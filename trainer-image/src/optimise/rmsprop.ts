import type { Device, Tensor } from '../backend/device.ts';
import type { Variable } from '../backend/variable.ts';
import { momentum } from './momentum.ts';
import { sgd } from './sgd.ts';
import type { UpdateRule, UpdateRuleSettings } from './update-rule.ts';

const ALPHA = 0.99;
const EPSILON = 1e-8;

/**
 * s = a s + (1 - a) g^2; then a step of plain descent, or of momentum, by g / (sqrt(s) + epsilon).
 *
 * TensorFlow's own op has the epsilon inside the root and the rate inside the buffer, so the scaled
 * gradient is made here.
 *
 * @see Tieleman and Hinton, "Lecture 6.5: RMSProp".
 */
export function rmsprop(settings: UpdateRuleSettings): UpdateRule {
  const inner =
    settings.rmspropMomentum > 0
      ? momentum({ ...settings, momentum: settings.rmspropMomentum })
      : sgd();
  return {
    slots: ['square_avg', ...inner.slots],
    prepare(device, learningRate, step) {
      const [share, epsilon] = [device.scalar(1 - ALPHA), device.scalar(EPSILON)];
      const prepared = inner.prepare(device, learningRate, step);
      return {
        update(weight, [square, ...buffers], gradient) {
          if (square === undefined) throw new Error('rmsprop without its slot');
          moveAverage(device, square, gradient, share);
          const scaled = divideByRoot(device, square, gradient, epsilon);
          prepared.update(weight, buffers, scaled);
          device.free(scaled);
        },
        release() {
          prepared.release();
          device.free(share, epsilon);
        },
      };
    },
  };
}

/** s -= share (s - g^2). */
function moveAverage(device: Device, square: Variable, gradient: Tensor, share: Tensor): void {
  const type = [device.attribute.float32('T')];
  const old = square.read();
  const newest = device.run('Square', type, gradient);
  const difference = device.run('Sub', type, old, newest);
  const change = device.run('Mul', type, difference, share);
  device.free(old, newest, difference);
  const attributes = [device.attribute.float32('dtype')];
  device.runMany('AssignSubVariableOp', attributes, [square.handle, change], 0);
  device.free(change);
}

function divideByRoot(device: Device, square: Variable, gradient: Tensor, epsilon: Tensor): Tensor {
  const type = [device.attribute.float32('T')];
  const value = square.read();
  const root = device.run('Sqrt', type, value);
  const divisor = device.run('AddV2', type, root, epsilon);
  const scaled = device.run('RealDiv', type, gradient, divisor);
  device.free(value, root, divisor);
  return scaled;
}
