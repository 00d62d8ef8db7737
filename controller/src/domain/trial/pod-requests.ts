import type { Experiment, TrainerProfile } from '@espalier/api';
import { quantityOf } from '../quantity.ts';
import { COURIER_RESOURCES, trainerResources } from './pod-containers.ts';

/** What a quota counts for one pod. */
export interface PodRequests {
  /** By resource, in its unit: cores, bytes, GPUs. Requests, which equal the limits. */
  readonly amounts: Readonly<Record<string, number>>;
  /** Of CPU and memory what the trainer does not ask for. */
  readonly unset: readonly string[];
  readonly priorityClassName?: string;
}

const BASIC = ['cpu', 'memory'] as const;

/**
 * What a pod of the Experiment takes from the quotas of its namespace, where the installation has a
 * message server and a store: as Kubernetes counts it, containers that run together add up, and one
 * that ends before the others start counts where it asks for more than all of them.
 */
export function podRequests(
  experiment: Experiment,
  profile: TrainerProfile | undefined,
): PodRequests {
  const { data, trainer } = experiment.spec;
  const { requests = {} } = trainerResources({ experiment, profile });
  const amounts: Record<string, number> = {};
  for (const [name, text] of Object.entries(requests)) {
    const amount = quantityOf(text);
    if (amount !== undefined) amounts[name] = amount;
  }
  const unset = BASIC.filter((name) => requests[name] === undefined);
  for (const name of BASIC) {
    const ours = quantityOf(COURIER_RESOURCES[name]) ?? 0;
    const together = (amounts[name] ?? 0) + (trainer.sidecar ? ours : 0);
    const before = data?.s3 === undefined ? 0 : ours;
    if (Math.max(together, before) > 0) amounts[name] = Math.max(together, before);
  }
  const { priorityClassName } = profile?.spec ?? {};
  return { amounts, unset, ...(priorityClassName === undefined ? {} : { priorityClassName }) };
}
