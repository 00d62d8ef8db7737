import type { UpdateRule } from './update-rule.ts';

const EPSILON = 1e-10;

/**
 * a += g^2; w -= lr g / (sqrt(a) + epsilon): every parameter's rate falls with all its gradients.
 *
 * @see Duchi, Hazan and Singer, "Adaptive Subgradient Methods".
 */
export function adagrad(): UpdateRule {
  return {
    slots: ['sum'],
    prepare(device, learningRate) {
      const a = device.attribute;
      const attributes = [
        a.float32('T'),
        a.flag('use_locking', false),
        a.flag('update_slots', true),
      ];
      const rate = device.scalar(learningRate);
      const epsilon = device.scalar(EPSILON);
      return {
        update(weight, [sum], gradient) {
          if (sum === undefined) throw new Error('adagrad without its slot');
          const inputs = [weight.handle, sum.handle, rate, epsilon, gradient];
          device.runMany('ResourceApplyAdagradV2', attributes, inputs, 0);
        },
        release: () => device.free(rate, epsilon),
      };
    },
  };
}
