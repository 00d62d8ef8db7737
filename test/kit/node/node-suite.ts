import { after, before } from 'node:test';
import { started, watchOutcome } from '../suite.ts';
import { type NodeCluster, type NodeClusterOptions, startNodeCluster } from './node-cluster.ts';

/**
 * Starts a real one-node Kubernetes before the tests of the enclosing suite and stops it after them; if a test
 * failed the logs stay and their folder is printed. Skip the suite for `whyNoNode()`.
 */
export function useNodeCluster(options: NodeClusterOptions = {}): {
  readonly cluster: NodeCluster;
} {
  let cluster: NodeCluster | undefined;
  const outcome = watchOutcome();
  before(async () => {
    cluster = await startNodeCluster(options);
  });
  after(() => cluster?.stop(outcome));
  return {
    get cluster() {
      return started(cluster, 'the node');
    },
  };
}
