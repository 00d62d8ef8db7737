import type { UpdateRule } from './update-rule.ts';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= lr mHat / (sqrt(vHat) + epsilon), the hats
 * for the correction of the bias.
 *
 * TensorFlow's op adds its epsilon to the uncorrected root, sqrt(v) = sqrt(vHat) sqrt(1 - b2^t), so
 * it gets epsilon sqrt(1 - b2^t): the quotient is then the same.
 *
 * @see Kingma and Ba, "Adam: A Method for Stochastic Optimization".
 */
export function adam(): UpdateRule {
  return adamWith('penalty');
}

/**
 * {@link adam} without the weight decay in its gradient: the weights shrink beside the step.
 *
 * @see Loshchilov and Hutter, "Decoupled Weight Decay Regularization".
 */
export function adamw(): UpdateRule {
  return adamWith('decoupled');
}

function adamWith(decay: NonNullable<UpdateRule['decay']>): UpdateRule {
  return {
    decay,
    slots: ['exp_avg', 'exp_avg_sq'],
    prepare(device, learningRate, step) {
      const a = device.attribute;
      const attributes = [
        a.float32('T'),
        a.flag('use_locking', false),
        a.flag('use_nesterov', false),
      ];
      const numbers = [
        BETA1 ** step,
        BETA2 ** step,
        learningRate,
        BETA1,
        BETA2,
        EPSILON * Math.sqrt(1 - BETA2 ** step),
      ].map((value) => device.scalar(value));
      return {
        update(weight, [mean, square], gradient) {
          if (mean === undefined || square === undefined) throw new Error('adam without its slots');
          const inputs = [weight.handle, mean.handle, square.handle, ...numbers, gradient];
          device.runMany('ResourceApplyAdam', attributes, inputs, 0);
        },
        release: () => device.free(...numbers),
      };
    },
  };
}
