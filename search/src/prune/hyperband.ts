import { generatorFor } from '../numeric/generator.ts';
import { hashText } from '../numeric/hash.ts';
import { checkRule, type RuleProblem } from './check-rule.ts';
import type { AshaRule } from './rule.ts';

const PURPOSE = hashText('hyperband');
/** Rounding must not cost a bracket: 3 * 3 * 3 of 1 / 3 is 9.000000000000002. */
const SLACK = 1 + 1e-9;

/**
 * Hyperband: several ASHA brackets, each with a later first rung than the one before, so that not
 * every configuration is judged by its very start.
 *
 * No rule of `decide`: the bracket is a matter of the configuration number. A trial follows
 * `bracketRule(rule, bracketOf(rule, seed, index))`, and only trials of its bracket are its rivals.
 */
export interface HyperbandRule {
  /** Resource at the first rung of the first bracket. */
  readonly min: number;
  /** Resource of a whole run. */
  readonly max: number;
  readonly eta: number;
  readonly minRungSize: number;
}

/** What is wrong with a rule; none means that the other functions work. */
export function checkHyperband(rule: HyperbandRule): readonly RuleProblem[] {
  return checkRule({ ...rule, kind: 'asha' });
}

/** Shares of the configurations by bracket, with sum 1: the earlier it judges the more it gets. */
export function hyperbandBrackets({ min, max, eta }: HyperbandRule): readonly number[] {
  let count = 1;
  for (let reach = min * eta; reach <= max * SLACK; reach *= eta) count++;
  // A bracket with s rungs to go gets ceil(count eta^s / (s + 1)), as much as its work is worth.
  const sizes: number[] = [];
  let power = 1;
  for (let rungs = 0; rungs < count; rungs++, power *= eta) {
    sizes.unshift(Math.ceil((count * power) / (rungs + 1)));
  }
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size) => size / total);
}

/** The bracket of a configuration, by hash: the same for every replica, attempt and recomputation. */
export function bracketOf(rule: HyperbandRule, seed: number, index: number): number {
  const shares = hyperbandBrackets(rule);
  let rest = generatorFor(seed, index, PURPOSE).nextUnit();
  const bracket = shares.findIndex((share) => {
    rest -= share;
    return rest < 0;
  });
  return bracket < 0 ? shares.length - 1 : bracket;
}

/** The stopping rule of a bracket: its first rung is `min` times eta to the power of its number. */
export function bracketRule(rule: HyperbandRule, bracket: number): AshaRule {
  let min = rule.min;
  for (let i = 0; i < bracket; i++) min *= rule.eta;
  const { max, eta, minRungSize } = rule;
  return { kind: 'asha', min, max, eta, minRungSize };
}
