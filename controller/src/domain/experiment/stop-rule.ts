import type { ExperimentSpec } from '@espalier/api';
import {
  type AshaRule,
  bracketOf,
  bracketRule,
  type HyperbandRule,
  hyperbandBrackets,
  type MedianRule,
  type PatienceRule,
  type StopRule,
  type ThresholdRule,
} from '@espalier/search';
import { omitUndefined } from '../same.ts';

type EarlyStopping = NonNullable<ExperimentSpec['earlyStopping']>;

/**
 * The early-stopping rules of an Experiment: one, or one for each bracket. Trials are judged by the
 * rule of their group and among its entries alone.
 */
export interface StopRules {
  readonly rules: readonly StopRule[];
  /** The position of the rule for that configuration number. */
  groupOf(configuration: number): number;
}

const NO_RULES: StopRules = { rules: [{ kind: 'none' }], groupOf: () => 0 };

/** The same spec always gives the same rules. */
export function stopRulesOf({ earlyStopping, search }: ExperimentSpec): StopRules {
  if (earlyStopping === undefined) return NO_RULES;
  const hyperband = hyperbandOf(earlyStopping);
  if (hyperband === undefined) {
    return { rules: [ruleOf(earlyStopping)], groupOf: NO_RULES.groupOf };
  }
  const rules = hyperbandBrackets(hyperband).map((_, bracket) =>
    patient(earlyStopping, bracketRule(hyperband, bracket)),
  );
  return { rules, groupOf: (configuration) => bracketOf(hyperband, search.seed, configuration) };
}

/** The rule by which the Trials of that configuration are judged; `none` where the spec has none. */
export function stopRuleOf(spec: ExperimentSpec, configuration: number): StopRule {
  const { rules, groupOf } = stopRulesOf(spec);
  return rules[groupOf(configuration)] ?? { kind: 'none' };
}

function hyperbandOf(rule: EarlyStopping): HyperbandRule | undefined {
  const { algorithm, min, max, eta, minRungSize } = rule;
  return algorithm === 'hyperband' && max !== undefined
    ? { min, max, eta, minRungSize }
    : undefined;
}

function ruleOf(rule: EarlyStopping): StopRule {
  const { min, interval, percentile, eta, minRungSize, lower, upper } = rule;
  const { patience = 1, minDelta } = rule;
  const max = rule.max === undefined ? {} : { max: rule.max };
  switch (rule.algorithm) {
    case 'asha':
      return patient(rule, { kind: 'asha', min, eta, minRungSize, ...max });
    case 'asha-promotion':
      return { kind: 'promotion', min, eta, ...max };
    case 'hyperband':
      // Without its `max`, which the rules of the spec ask for.
      return { kind: 'none' };
    case 'median':
      return patient(rule, { kind: 'median', min, interval, percentile, ...max });
    case 'threshold':
      return patient(
        rule,
        omitUndefined({ kind: 'threshold', min, interval, ...max, lower, upper } as const),
      );
    case 'patience':
      return omitUndefined({
        ...({ kind: 'patience', rule: { kind: 'none' }, min, interval, ...max } as const),
        ...{ patience, minDelta },
      });
  }
}

/** The rule, or the rule that waits until the trial has stopped getting better. */
function patient(
  { patience, minDelta }: EarlyStopping,
  rule: AshaRule | MedianRule | ThresholdRule,
): AshaRule | MedianRule | ThresholdRule | PatienceRule {
  if (patience === undefined) return rule;
  return omitUndefined({ kind: 'patience', patience, minDelta, rule } as const);
}
