import { durationMs, type Experiment } from '@espalier/api';
import { parseTime } from '../time.ts';
import type { PodView } from '../trial/pod-view.ts';
import { expiryMs, hasFinalizer } from './expiry.ts';
import type { ExperimentAction, ExperimentPlan, ExperimentSnapshot } from './snapshot.ts';

/** Objects deleted by one plan. */
const DELETE_AT_ONCE = 100;

/**
 * Winds an Experiment up that is being deleted: its pods end (for at most `termination` each), are
 * released, its Trials go, its artifacts go if `onDelete` says so, and last our finalizer (G10).
 *
 * `deadlines.cleanup` bounds all of it: after that, what cannot be cleaned stays behind (G5).
 */
export function planDeletion(snapshot: ExperimentSnapshot, nowMs: number): ExperimentPlan {
  const { experiment, store } = snapshot;
  const { trials, pods } = snapshot.remains;
  if (!hasFinalizer(experiment)) return { actions: [], events: [] };
  const { cleanup } = experiment.spec.deadlines;
  const begunMs = parseTime(experiment.metadata.deletionTimestamp) ?? nowMs;
  const giveUpMs = begunMs + durationMs(cleanup);

  const actions: ExperimentAction[] = [];
  const waits: number[] = [];
  for (const pod of pods.filter(({ end }) => end === undefined)) {
    const untilMs = waitUntil(experiment, pod, giveUpMs);
    if (pod.deletingSinceMs === undefined) actions.push({ kind: 'delete-pod', pod });
    if (untilMs > nowMs) waits.push(untilMs - nowMs);
  }
  if (waits.length > 0) return { actions, events: [], requeueAfterMs: Math.min(...waits) };

  for (const pod of pods.filter(({ held }) => held)) actions.push({ kind: 'release-pod', pod });
  for (const trial of trials) actions.push({ kind: 'delete-trial', trial });
  if (actions.length > DELETE_AT_ONCE) {
    return { actions: actions.slice(0, DELETE_AT_ONCE), events: [], requeueAfterMs: 0 };
  }
  if (deletesArtifacts(experiment) && giveUpMs > nowMs) {
    if (store.kind === 'failing' && store.retryAtMs > nowMs) {
      const requeueAfterMs = Math.min(store.retryAtMs, giveUpMs) - nowMs;
      return { actions, events: [], requeueAfterMs };
    }
    actions.push({ kind: 'delete-artifacts' });
  }
  actions.push({ kind: 'set-finalizer', present: false });
  return { actions, events: [] };
}

function waitUntil(experiment: Experiment, pod: PodView, giveUpMs: number): number {
  const { trainer, deadlines } = experiment.spec;
  if (pod.deletingSinceMs === undefined) return giveUpMs;
  const lasts = durationMs(trainer.gracePeriod) + durationMs(deadlines.termination);
  return Math.min(pod.deletingSinceMs + lasts, giveUpMs);
}

/** A deletion because of TTL removes objects, never the record. */
function deletesArtifacts(experiment: Experiment): boolean {
  if (experiment.spec.artifacts.onDelete !== 'Delete') return false;
  const expiresMs = expiryMs(experiment);
  const deletedMs = parseTime(experiment.metadata.deletionTimestamp);
  return expiresMs === undefined || deletedMs === undefined || deletedMs < expiresMs;
}
