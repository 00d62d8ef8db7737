import type { AttemptAddress, Experiment, Trial } from '@espalier/api';
import type { AttemptPlace } from '../domain/artifacts/keys.ts';
import type { PodView } from '../domain/trial/pod-view.ts';
import { judgeRequester } from '../domain/trial/requester.ts';
import type { Cluster } from '../ports/cluster.ts';
import { ownerOf } from '../ports/owner.ts';

/** An attempt that may ask, with everything that it belongs to. */
export interface AskingAttempt {
  readonly pod: PodView;
  readonly trial: Trial;
  readonly experiment: Experiment;
  readonly place: AttemptPlace;
}

export type FoundAttempt =
  | { readonly kind: 'found'; readonly attempt: AskingAttempt }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly reason: 'OtherNamespace' | 'AttemptEnded' };

/** Who asks, from the caches; a Trial is found by the name of its pod, which is fixed. */
export function findAttempt(
  cluster: Pick<Cluster, 'podsOf' | 'trial' | 'experiment'>,
  { namespace, trialUid, attempt }: AttemptAddress,
): FoundAttempt {
  const judged = judgeRequester(cluster.podsOf(trialUid), { namespace, attempt });
  if (judged.kind !== 'current') return judged;
  const located = locateAttempt(cluster, judged.pod);
  return located === undefined ? { kind: 'unknown' } : { kind: 'found', attempt: located };
}

/** Everything that a pod belongs to; undefined = its Trial or its Experiment is not there. */
export function locateAttempt(
  cluster: Pick<Cluster, 'trial' | 'experiment'>,
  pod: PodView,
): AskingAttempt | undefined {
  const { namespace, trialUid, attempt } = pod;
  const trial = cluster.trial({ namespace, name: pod.name.replace(/-a\d+$/, '') });
  if (trial?.metadata.uid !== trialUid) return undefined;
  const experiment = ownerOf(cluster, trial);
  if (experiment === undefined) return undefined;
  const { name, uid } = experiment.metadata;
  const place = {
    experiment: { namespace, name, uid },
    index: trial.spec.index,
    trialUid,
    attempt,
  };
  return { pod, trial, experiment, place };
}
