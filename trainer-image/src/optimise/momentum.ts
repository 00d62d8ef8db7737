import type { UpdateRule, UpdateRuleSettings } from './update-rule.ts';

/** PyTorch's form, the rate outside the sum: v = m v + g; w -= lr v. */
export function momentum(settings: UpdateRuleSettings): UpdateRule {
  return {
    slots: ['momentum_buffer'],
    prepare(device, learningRate) {
      const a = device.attribute;
      const attributes = [
        a.float32('T'),
        a.flag('use_locking', false),
        a.flag('use_nesterov', false),
      ];
      const rate = device.scalar(learningRate);
      const factor = device.scalar(settings.momentum);
      return {
        update(weight, [velocity], gradient) {
          if (velocity === undefined) throw new Error('momentum without its slot');
          const inputs = [weight.handle, velocity.handle, rate, gradient, factor];
          device.runMany('ResourceApplyMomentum', attributes, inputs, 0);
        },
        release: () => device.free(rate, factor),
      };
    },
  };
}
