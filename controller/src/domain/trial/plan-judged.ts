import {
  type Experiment,
  mainObjective,
  type Rung,
  TRIAL_REASON,
  type TrialStatus,
} from '@espalier/api';
import { stopRuleOf } from '../experiment/stop-rule.ts';
import { withEntry } from './ledger.ts';
import type { StatusChange } from './plan-types.ts';
import { judge } from './rungs.ts';
import type { TrialSnapshot } from './snapshot.ts';

/** Judgements on what the reports show and the record does not; see {@link judge}. */
export function newRungs(
  { trial, feed, rungs }: TrialSnapshot,
  { spec }: Experiment,
  status: TrialStatus,
): readonly Rung[] {
  if (feed === undefined) return [];
  const rule = stopRuleOf(spec, trial.spec.configuration);
  return judge(rule, mainObjective(spec).goal, status, feed, rungs);
}

/**
 * Judges a Trial before its next attempt has a pod: it may have passed further milestones before it
 * stopped, and no process is started only to be ended. Undefined = there is nothing to judge.
 */
export function judgedBefore(
  snapshot: TrialSnapshot,
  experiment: Experiment,
  status: TrialStatus,
  attempt: number,
): StatusChange | undefined {
  const rungs = newRungs(snapshot, experiment, status);
  const last = rungs.at(-1);
  if (last === undefined) return undefined;
  const judged = { ...status, rungs: [...status.rungs, ...rungs] };
  if (last.verdict !== 'pause') return { write: 'record', status: judged };
  const reason = TRIAL_REASON.paused;
  const message = `had passed rung ${last.step} before, and waits there with ${last.value}`;
  const attempts = withEntry(judged, { number: attempt, outcome: 'Paused', reason, message });
  return { write: 'record', status: { ...judged, phase: 'Paused', reason, message, attempts } };
}
