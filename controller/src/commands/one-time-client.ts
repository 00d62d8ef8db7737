import { type ClusterAccess, kubeconfigAccess, podAccess } from '../adapters/k8s/access.ts';
import { ObjectClient } from '../adapters/k8s/object-client.ts';
import { Transport } from '../adapters/k8s/transport.ts';
import { systemClock } from '../adapters/local/system-clock.ts';

/** What a command that runs once and ends needs of the API server. */
export interface OneTimeClient {
  readonly transport: Transport;
  readonly client: ObjectClient;
  /** Of the pod, or of the kubeconfig's context. */
  readonly namespace: string;
}

/**
 * Access by the kubeconfig files, else as the ServiceAccount of this pod.
 *
 * @throws {Error} if there are neither.
 */
export function clusterAccess(kubeconfig: readonly string[], context?: string): ClusterAccess {
  if (kubeconfig.length > 0) return kubeconfigAccess(kubeconfig, context);
  const host = process.env['KUBERNETES_SERVICE_HOST'];
  const port = process.env['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (host === undefined) throw new Error('this is no pod: name a --kubeconfig');
  return podAccess(host, port);
}

/** A client of `--kubeconfig` or `ESPALIER_KUBECONFIG`, else of this pod. */
export function oneTimeClient(kubeconfig = process.env['ESPALIER_KUBECONFIG']): OneTimeClient {
  const access = clusterAccess(kubeconfig === undefined ? [] : [kubeconfig]);
  const transport = new Transport({ access, clock: systemClock });
  return {
    transport,
    client: new ObjectClient(transport),
    namespace: access.namespace ?? 'default',
  };
}
