import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Experiment, Trial } from '@espalier/api';
import type { ClusterOptions, ClusterProbe, UserCluster } from '@espalier/controller/remote';
import { invalid, notFound } from './failure.ts';
import { keyOf } from './key.ts';
import { printable } from './render/printable.ts';
import type { Surroundings } from './surroundings.ts';

/** Options of verbs that can look at a cluster instead of the folder. */
export interface ClusterFlags {
  readonly cluster?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

/** A cluster is never looked at without being named: the default is the folder. */
export function isOnCluster({ cluster, kubeconfig, context }: ClusterFlags): boolean {
  return cluster === true || kubeconfig !== undefined || context !== undefined;
}

/** An Experiment of a cluster and its best Trial, if that is still there. */
export interface FoundOnCluster {
  readonly experiment: Experiment;
  readonly trial: Trial | undefined;
}

/** @throws {Failure} if there is no such Experiment in the namespace. */
export function bestOnCluster(
  surroundings: Surroundings,
  name: string,
  flags: ClusterFlags,
  signal: AbortSignal,
): Promise<FoundOnCluster> {
  return withExperiment(surroundings, name, flags, signal, async (reader, experiment) => {
    const { namespace } = experiment.metadata;
    const best = experiment.status?.best?.trial;
    const trial =
      best === undefined ? undefined : await reader.trial({ namespace, name: best }, { signal });
    return { experiment, trial };
  });
}

/**
 * An Experiment of a cluster and all its Trials.
 *
 * @throws {Failure} if there is no such Experiment in the namespace.
 */
export function recordOnCluster(
  surroundings: Surroundings,
  name: string,
  flags: ClusterFlags,
  signal: AbortSignal,
): Promise<{ readonly experiment: Experiment; readonly trials: readonly Trial[] }> {
  return withExperiment(surroundings, name, flags, signal, async (reader, experiment) => {
    return { experiment, trials: await reader.trials(experiment, { signal }) };
  });
}

/** @throws {Failure} if the kubeconfig cannot be used. */
export async function openCluster(
  surroundings: Surroundings,
  flags: ClusterFlags,
): Promise<UserCluster> {
  const remote = await import('@espalier/controller/remote');
  return opened(surroundings, flags, remote.openCluster);
}

/** @throws {Failure} if the kubeconfig cannot be used. */
export async function openProbe(
  surroundings: Surroundings,
  flags: ClusterFlags,
): Promise<ClusterProbe> {
  const remote = await import('@espalier/controller/remote');
  return opened(surroundings, flags, remote.openProbe);
}

function opened<T>(
  { env }: Surroundings,
  { kubeconfig, context }: ClusterFlags,
  open: (options: ClusterOptions) => T,
): T {
  try {
    return open({
      kubeconfig: kubeconfigPaths(env, kubeconfig),
      ...(context === undefined ? {} : { context }),
    });
  } catch (cause) {
    throw invalid(
      `cannot tell which cluster: ${cause instanceof Error ? cause.message : String(cause)}`,
      [
        'name one with --kubeconfig FILE (or $KUBECONFIG), and one of its contexts with --context',
        'for a folder of this machine: --dir DIR',
      ],
    );
  }
}

async function withExperiment<T>(
  surroundings: Surroundings,
  name: string,
  flags: ClusterFlags,
  signal: AbortSignal,
  work: (reader: UserCluster, experiment: Experiment) => Promise<T>,
): Promise<T> {
  const reader = await openCluster(surroundings, flags);
  try {
    const namespace = flags.namespace ?? reader.namespace ?? 'default';
    const key = keyOf(name, { namespace });
    const experiment = await reader.experiment(key, { signal });
    if (experiment === undefined) {
      throw notFound(`no Experiment ${printable(key.name)} in namespace ${printable(namespace)}`, [
        `kubectl get experiments -n ${printable(namespace)} shows what there is`,
      ]);
    }
    return await work(reader, experiment);
  } finally {
    reader.close();
  }
}

/** As kubectl finds them: the flag, $KUBECONFIG, ~/.kube/config. */
function kubeconfigPaths(
  { KUBECONFIG, HOME }: Surroundings['env'],
  given: string | undefined,
): readonly string[] {
  if (given !== undefined) return [given];
  const named = (KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  return named.length > 0 ? named : [join(HOME ?? homedir(), '.kube', 'config')];
}
