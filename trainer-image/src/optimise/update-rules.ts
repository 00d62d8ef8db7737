import { adagrad } from './adagrad.ts';
import { adam, adamw } from './adam.ts';
import { momentum } from './momentum.ts';
import { rmsprop } from './rmsprop.ts';
import { sgd } from './sgd.ts';
import type { UpdateRule, UpdateRuleSettings } from './update-rule.ts';

/** Every update rule by the name that the parameter `optimizer` gives it. */
export const UPDATE_RULES = {
  sgd,
  momentum,
  adagrad,
  rmsprop,
  adam,
  adamw,
} as const satisfies Record<string, (settings: UpdateRuleSettings) => UpdateRule>;

export type OptimizerName = keyof typeof UPDATE_RULES;
