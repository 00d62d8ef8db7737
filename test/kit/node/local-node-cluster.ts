import { type ClusterRecord, recordCluster, stopCluster } from '../cluster-record.ts';
import { isInterruption, type NodeClusterOptions, startNodeCluster } from './node-cluster.ts';
import { installPrometheus } from './prometheus-pod.ts';
import { installRelease, projectImages } from './release.ts';

/**
 * Starts a real one-node Kubernetes with the chart, its bundled servers and Prometheus that goes on after this
 * process, and records it in `home`.
 *
 * @throws {Error} if it does not start; then nothing of it is left but the logs.
 */
export async function startLocalNodeCluster(
  home: string,
  step: NonNullable<NodeClusterOptions['step']>,
): Promise<ClusterRecord> {
  await stopCluster(home); // what is left of one that did not end in order
  const cluster = await startNodeCluster({ outlives: true, images: projectImages, step });
  try {
    await step('chart', () => installRelease(cluster.plane.kubeconfig));
    const prometheus = await step('Prometheus', () => installPrometheus(cluster.plane));
    const { plane, folders, processes, box } = cluster;
    return recordCluster(home, {
      plane,
      folders,
      processes,
      addresses: { prometheus },
      node: box.network.name,
    });
  } catch (error) {
    await cluster.stop({ failed: !isInterruption(error) });
    throw error;
  }
}
