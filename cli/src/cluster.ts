import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ClusterOptions, ClusterProbe, UserCluster } from '@espalier/controller/remote';
import { invalid, messageOf } from './failure.ts';
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

function opened<T extends { readonly server: string }>(
  { env, stderr }: Surroundings,
  { kubeconfig, context }: ClusterFlags,
  open: (options: ClusterOptions) => T,
): T {
  let isTold = false;
  // A slow server is waited for, but whoever sits before it wants to know for what.
  const onSlow = () => {
    if (isTold || !stderr.isTerminal) return;
    isTold = true;
    stderr.write(`waiting for ${printable(cluster.server)} to answer; Ctrl-C ends it\n`);
  };
  let cluster: T;
  try {
    cluster = open({
      kubeconfig: kubeconfigPaths(env, kubeconfig),
      ...(context === undefined ? {} : { context }),
      onSlow,
    });
    return cluster;
  } catch (cause) {
    throw invalid(`cannot tell which cluster: ${messageOf(cause)}`, [
      'name one with --kubeconfig FILE (or $KUBECONFIG), and one of its contexts with --context',
      'for a folder of this machine: --dir DIR',
    ]);
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
