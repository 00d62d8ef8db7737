import type { Rung } from '@espalier/api';
import { type Goal, mayPromote, type StopRule } from '@espalier/search';
import { rungEntry } from '../trial/rungs.ts';
import type { Finding } from './verify-result.ts';

/**
 * What is wrong with the promotion of a paused Trial; undefined = nothing, or it was not promoted.
 *
 * Which of several that may go on is the first depends on when a slot came free, which nobody records:
 * what can be recomputed is that this one was among the best of those that had arrived.
 *
 * @param arrivals All entries of the rung.
 */
export function promotionProblem(
  rule: StopRule,
  goal: Goal,
  arrivals: readonly Rung[],
  own: Rung,
): Finding['differences'][number] | undefined {
  const { promoted, verdict, step } = own;
  if (promoted === undefined) return undefined;
  const problem = (recomputed: string) => {
    return { what: `promotion at ${step}`, recorded: `after ${promoted} arrivals`, recomputed };
  };
  if (rule.kind !== 'promotion' || verdict !== 'pause') return problem('none: it did not wait');
  if (promoted <= own.order) return problem('none: it had not arrived');
  const seen = arrivals.filter(({ order }) => order < promoted);
  const entries = new Map(seen.map((rung) => [rung, rungEntry(rung)]));
  const entry = entries.get(own);
  const may = entry !== undefined && mayPromote(rule, goal, [...entries.values()], entry);
  return may ? undefined : problem('none: it was not among the best');
}
