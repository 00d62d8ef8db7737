import { type Experiment, isTerminalTrial, type Trial } from '@espalier/api';
import type { SlotUse } from '../domain/experiment/slots.ts';
import { currentAttempt, NEW_STATUS } from '../domain/trial/ledger.ts';
import type { PodView } from '../domain/trial/pod-view.ts';
import type { Cluster } from '../ports/cluster.ts';

/** The Experiment that controls the Trial, if it still exists: the same name with another uid is not. */
export function ownerOf(cluster: Cluster, trial: Trial): Experiment | undefined {
  const { namespace, ownerReferences = [] } = trial.metadata;
  const owner = ownerReferences.find(({ kind, controller }) => kind === 'Experiment' && controller);
  if (owner === undefined) return undefined;
  const experiment = cluster.experiment({ namespace, name: owner.name });
  return experiment?.metadata.uid === owner.uid ? experiment : undefined;
}

/** What the Trial and its pods do to the Experiment's budget of pods. */
export function slotUseOf(trial: Trial, pods: readonly PodView[]): SlotUse {
  const status = trial.status ?? NEW_STATUS;
  const isOver = isTerminalTrial(status.phase);
  const current = pods.find(({ attempt }) => attempt === currentAttempt(status));
  return {
    index: trial.spec.index,
    live: pods.filter(({ end }) => end === undefined).length,
    needsPod: !isOver && current === undefined,
    isUncounted: !isOver && current?.end !== undefined,
  };
}
