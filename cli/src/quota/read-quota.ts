import type { Experiment } from '@espalier/api';
import { openProbe } from '../cluster.ts';
import type { Location, OpenedCluster } from '../location.ts';
import { printable } from '../render/printable.ts';
import type { Surroundings } from '../surroundings.ts';
import { allowanceOf } from './allowance.ts';
import type { QuotaView } from './quota-text.ts';

export interface ReadQuota {
  readonly view: QuotaView;
  readonly warnings: readonly string[];
}

/** Looks what the quotas of a namespace leave for the trials of an Experiment, which may not exist yet. */
export async function readQuota(
  surroundings: Surroundings,
  location: Location,
  { client, signal }: OpenedCluster,
  experiment: Experiment,
  trials: number,
): Promise<ReadQuota> {
  const { podRequests } = await import('@espalier/controller/remote');
  const probe = await openProbe(surroundings, location);
  try {
    const { namespace } = experiment.metadata;
    const name = experiment.spec.trainer.profile;
    const [quotas, profile, existing] = await Promise.all([
      probe.quotas(namespace, { signal }),
      name === undefined ? undefined : probe.profile({ namespace, name }, { signal }),
      client.experiment(experiment.metadata),
    ]);
    const warnings = profileWarnings(name, profile, namespace);
    if (quotas === 'hidden') return { view: { kind: 'hidden', namespace }, warnings };
    if (quotas.length === 0) return { view: { kind: 'none', namespace }, warnings };
    const pod = podRequests(experiment, profile === 'hidden' ? undefined : profile);
    const allowance = allowanceOf(quotas, pod, { trials, isNew: existing === undefined });
    return { view: { kind: 'known', namespace, allowance }, warnings };
  } finally {
    probe.close();
  }
}

function profileWarnings(
  name: string | undefined,
  profile: unknown,
  namespace: string,
): readonly string[] {
  if (name === undefined) return [];
  const where = `TrainerProfile ${printable(name)} in namespace ${printable(namespace)}`;
  if (profile === undefined) return [`there is no ${where}: no pod would be made`];
  if (profile === 'hidden') return [`what a trial takes is not certain: no right to read ${where}`];
  return [];
}
