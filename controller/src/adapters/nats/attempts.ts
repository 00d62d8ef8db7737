import type { PodView } from '../../domain/trial/pod-view.ts';

/**
 * Whether a message of an attempt counts: its pod is known (or a later one is), and it was sent
 * before the attempt ended, whatever its credential may still be good for.
 *
 * @param sentMs The earliest time at which it may have been sent.
 */
export function judgeAttempt(
  pods: readonly PodView[],
  attempt: number,
  sentMs: number,
): 'counts' | 'attempt' | 'late' {
  let isKnown = false;
  let endMs = Number.POSITIVE_INFINITY;
  for (const pod of pods) {
    if (pod.attempt < attempt) continue;
    isKnown = true;
    // Attempts follow each other, so a later pod tells that this one had ended (G1).
    if (pod.attempt > attempt) endMs = Math.min(endMs, pod.createdMs);
    else if (pod.end !== undefined) endMs = Math.min(endMs, pod.end.atMs);
  }
  if (!isKnown) return 'attempt';
  return sentMs > endMs ? 'late' : 'counts';
}
