import type { OwnEntry, ThresholdRule, Verdict } from './rule.ts';

/** Stops a trial whose value lies outside [lower, upper]; both bounds are still inside. */
export function decideThreshold(rule: ThresholdRule, own: OwnEntry): Verdict {
  const { lower = Number.NEGATIVE_INFINITY, upper = Number.POSITIVE_INFINITY } = rule;
  const message = `${own.value} and the bounds [${lower}, ${upper}]`;
  return own.value >= lower && own.value <= upper
    ? { kind: 'continue', reason: 'WithinThreshold', message }
    : { kind: 'stop', reason: 'OutsideThreshold', message };
}
