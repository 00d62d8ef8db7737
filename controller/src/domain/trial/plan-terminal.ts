import type { Experiment } from '@espalier/api';
import { nextDeadline } from './deadlines.ts';
import { NEW_STATUS } from './ledger.ts';
import { planOf, type TrialAction, type TrialPlan } from './plan-types.ts';
import type { TrialSnapshot } from './snapshot.ts';

/**
 * What is left to do for a Trial that ended: end and release its pods, forget its reports, and delete
 * checkpoints that cannot be the best. Its phase stays (G4).
 */
export function planTerminal(
  snapshot: TrialSnapshot,
  experiment: Experiment,
  nowMs: number,
): TrialPlan {
  const { trial, pods, feed } = snapshot;
  const status = trial.status ?? NEW_STATUS;
  // Others may still start from its checkpoints.
  const keepsBest = experiment.spec.artifacts.keep === 'best' && !snapshot.isParent;
  const checkpoint = status.artifacts?.checkpoint;
  // The tables are written with the last of the points; files without them may end earlier.
  const isRecorded = status.artifacts?.metricsCsv !== undefined;
  const actions: TrialAction[] = feed === undefined ? [] : [{ kind: 'forget', isRecorded }];
  const ended = pods.filter((pod) => pod.end !== undefined && pod.held);
  // Without a verified model nothing of it will be asked for; with its pod goes the reminder.
  if (keepsBest && checkpoint === undefined && ended.length > 0) {
    actions.push({ kind: 'drop-checkpoints' });
  }
  for (const pod of ended) actions.push({ kind: 'release-pod', pod });

  let lookAgainMs: number | undefined;
  for (const pod of pods.filter(({ end }) => end === undefined)) {
    const deadline = nextDeadline({ ...snapshot, pod }, experiment.spec);
    if (pod.deletingSinceMs === undefined) {
      actions.push({ kind: 'delete-pod', pod, force: false });
    } else if (experiment.spec.attempts.replaceLost && deadline !== undefined) {
      if (deadline.atMs <= nowMs) actions.push({ kind: 'delete-pod', pod, force: true });
      else lookAgainMs = Math.min(lookAgainMs ?? Number.POSITIVE_INFINITY, deadline.atMs - nowMs);
    }
  }
  if (!keepsBest || checkpoint === undefined || !snapshot.isLosing) {
    return planOf(actions, undefined, lookAgainMs);
  }
  const { checkpoint: _dropped, ...artifacts } = status.artifacts ?? { attempt: 0, folder: '' };
  const change = { write: 'view', status: { ...status, artifacts } } as const;
  return planOf([...actions, { kind: 'drop-checkpoints' }], change, lookAgainMs);
}
