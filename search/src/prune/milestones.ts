import type { StopRule } from './rule.ts';

/** A Trial's status holds at most so many rungs. */
export const MAX_RUNGS = 64;

/**
 * Resource values at which a trial is judged: ascending, below `max`, at most 64.
 *
 * Where an interval would give more below `max`, it is raised to the next multiple that fits;
 * without a `max` the first 64 remain.
 */
export function rungMilestones(rule: StopRule): readonly number[] {
  switch (rule.kind) {
    case 'asha':
    case 'promotion':
      return geometric(rule.min, rule.eta, rule.max ?? Number.POSITIVE_INFINITY);
    case 'median':
      return arithmetic(rule.min, rule.interval, rule.max);
    case 'threshold':
      return arithmetic(rule.min ?? 1, rule.interval ?? 1, rule.max);
    case 'patience':
      return rule.rule.kind === 'none'
        ? arithmetic(rule.min ?? 1, rule.interval ?? 1, rule.max)
        : rungMilestones(rule.rule);
    case 'none':
      return [];
  }
}

function geometric(min: number, eta: number, max: number): readonly number[] {
  const milestones: number[] = [];
  // No trial reports beyond 2^53 steps.
  const end = Math.min(max, Number.MAX_SAFE_INTEGER);
  for (let at = min; at < end && milestones.length < MAX_RUNGS; at *= eta) milestones.push(at);
  return milestones;
}

function arithmetic(min: number, interval: number, max: number | undefined): readonly number[] {
  const count = max === undefined ? MAX_RUNGS : Math.max(0, Math.ceil((max - min) / interval));
  const stride = interval * Math.ceil(Math.max(count, 1) / MAX_RUNGS);
  const end = max ?? Number.POSITIVE_INFINITY;
  return Array.from({ length: MAX_RUNGS }, (_, i) => min + i * stride).filter((at) => at < end);
}
