import type { PodView } from '../../domain/trial/pod-view.ts';
import type { KeptPod } from './caches.ts';

/** So many failed pods of an Experiment stay for `kubectl logs`. */
export const KEPT_FAILURES = 20;

/**
 * Whether a person may want to read the log of a pod whose end is counted. A pod whose deletion was
 * asked for goes anyway, and what ended well has left its files.
 */
export function isWorthKeeping({ end, deletingSinceMs }: PodView): boolean {
  if (end === undefined || end.disrupted || deletingSinceMs !== undefined) return false;
  return end.exitCode !== 0;
}

/** Of an Experiment's pods those that stayed for their logs and are now too many, oldest first. */
export function surplusFailures(pods: readonly KeptPod[], experiment: string): readonly PodView[] {
  const kept = pods
    .filter((pod) => pod.experiment === experiment && !pod.view.held && isWorthKeeping(pod.view))
    .map(({ view }) => view)
    .sort((a, b) => (a.end?.atMs ?? 0) - (b.end?.atMs ?? 0));
  return kept.slice(0, Math.max(0, kept.length - KEPT_FAILURES));
}
