import type { PodView } from './pod-view.ts';

/** Who asks, by what is known of its pods. */
export type Requester =
  /** The attempt that is under way, told to end or not: it has files to save. */
  | { readonly kind: 'current'; readonly pod: PodView }
  /** No such pod yet: this cache may be behind. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly reason: 'OtherNamespace' | 'AttemptEnded' };

/**
 * Whether an attempt may ask for anything. Attempts follow each other, so a later pod tells that this
 * one has ended, whatever its credential is still good for (G1 G13).
 *
 * @param pods Those of the Trial that the attempt's subject names, by attempt.
 */
export function judgeRequester(
  pods: readonly PodView[],
  { namespace, attempt }: { readonly namespace: string; readonly attempt: number },
): Requester {
  if (pods.some((pod) => pod.namespace !== namespace)) return refused('OtherNamespace');
  if (pods.some((pod) => pod.attempt > attempt)) return refused('AttemptEnded');
  const pod = pods.find((candidate) => candidate.attempt === attempt);
  if (pod === undefined) return { kind: 'unknown' };
  return pod.end === undefined ? { kind: 'current', pod } : refused('AttemptEnded');
}

function refused(reason: 'OtherNamespace' | 'AttemptEnded'): Requester {
  return { kind: 'refused', reason };
}
