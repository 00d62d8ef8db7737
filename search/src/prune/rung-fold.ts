import type { Goal } from '../suggest/problem.ts';
import { decideAmong } from './decide.ts';
import { SortedLosses } from './losses.ts';
import type { OwnEntry, RungEntry, StopRule, Verdict } from './rule.ts';

/**
 * One rung as it grows: the verdicts of `decide`, bit for bit, at the cost of a search in a sorted
 * list instead of a walk over all entries.
 */
export class RungFold {
  private readonly rule: StopRule;
  private readonly goal: Goal;
  private readonly milestone: number;
  private readonly losses: SortedLosses;

  constructor(rule: StopRule, goal: Goal, milestone: number) {
    this.rule = rule;
    this.goal = goal;
    this.milestone = milestone;
    this.losses = new SortedLosses(goal);
  }

  /** The verdict on a trial that saw exactly the entries added so far. */
  decide(own: OwnEntry): Verdict {
    const { rule, goal, milestone, losses } = this;
    return decideAmong(rule, goal, { milestone, losses, own });
  }

  add(entry: RungEntry): void {
    this.losses.add(entry.value);
  }
}
