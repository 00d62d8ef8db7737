import type { Experiment, Trial } from '@espalier/api';
import type { Cluster } from './cluster.ts';

/** The Experiment that controls the Trial, if it still exists: the same name with another uid is not. */
export function ownerOf(
  cluster: Pick<Cluster, 'experiment'>,
  trial: Trial,
): Experiment | undefined {
  const { namespace, ownerReferences = [] } = trial.metadata;
  const owner = ownerReferences.find(({ kind, controller }) => kind === 'Experiment' && controller);
  if (owner === undefined) return undefined;
  const experiment = cluster.experiment({ namespace, name: owner.name });
  return experiment?.metadata.uid === owner.uid ? experiment : undefined;
}
