import type { StopRule } from './rule.ts';

export interface RuleProblem {
  /** Name of the rule's field. */
  readonly field: string;
  readonly code: 'not-a-number' | 'out-of-range' | 'bounds-empty';
  readonly message: string;
}

/** What is wrong with a rule; none means `rungMilestones` and `decide` work. */
export function checkRule(rule: StopRule): readonly RuleProblem[] {
  const problems: RuleProblem[] = [];
  const atLeast = (field: string, value: number | undefined, least: number, isOpen = false) => {
    if (value === undefined) return;
    if (!Number.isFinite(value)) {
      const message = `${field} must be a finite number, got ${value}`;
      problems.push({ field, code: 'not-a-number', message });
    } else if (value < least || (isOpen && value === least)) {
      const message = `${field} must be ${isOpen ? 'above' : 'at least'} ${least}, got ${value}`;
      problems.push({ field, code: 'out-of-range', message });
    }
  };
  const below = (low: string, a: number | undefined, high: string, b: number | undefined) => {
    if (a === undefined || b === undefined || a < b) return;
    const message = `${low} must be below ${high}, got ${a} and ${b}`;
    problems.push({ field: low, code: 'bounds-empty', message });
  };
  switch (rule.kind) {
    case 'asha':
    case 'promotion':
      atLeast('min', rule.min, 0, true);
      atLeast('max', rule.max, 0, true);
      below('min', rule.min, 'max', rule.max);
      atLeast('eta', rule.eta, 2);
      if (rule.kind === 'asha') atLeast('minRungSize', rule.minRungSize, 1);
      break;
    case 'patience':
      atLeast('patience', rule.patience, 1);
      atLeast('minDelta', rule.minDelta, 0);
      atLeast('min', rule.min, 0, true);
      atLeast('max', rule.max, 0, true);
      atLeast('interval', rule.interval, 0, true);
      below('min', rule.min, 'max', rule.max);
      for (const { field, ...problem } of checkRule(rule.rule)) {
        problems.push({ ...problem, field: `rule.${field}` });
      }
      break;
    case 'median':
    case 'threshold':
      atLeast('min', rule.min, 0, true);
      atLeast('max', rule.max, 0, true);
      below('min', rule.min, 'max', rule.max);
      atLeast('interval', rule.interval, 0, true);
      if (rule.kind === 'median') {
        atLeast('percentile', rule.percentile, 0, true);
        below('percentile', rule.percentile, '100', 100);
        atLeast('minEntries', rule.minEntries, 1);
      } else {
        below('lower', rule.lower, 'upper', rule.upper);
      }
      break;
    case 'none':
      break;
  }
  return problems;
}
