import type { UpdateRule } from './update-rule.ts';

/** Plain gradient descent: w -= lr g. */
export function sgd(): UpdateRule {
  return {
    slots: [],
    prepare(device, learningRate) {
      const attributes = [
        device.attribute.float32('T'),
        device.attribute.flag('use_locking', false),
      ];
      const rate = device.scalar(learningRate);
      return {
        update(weight, _slots, gradient) {
          const inputs = [weight.handle, rate, gradient];
          device.runMany('ResourceApplyGradientDescent', attributes, inputs, 0);
        },
        release: () => device.free(rate),
      };
    },
  };
}
