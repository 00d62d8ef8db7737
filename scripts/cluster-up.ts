import { join } from 'node:path';
import { runningCluster } from '../test/kit/cluster-record.ts';
import { startLocalCluster } from '../test/kit/local-cluster.ts';
import { startLocalNodeCluster } from '../test/kit/node/local-node-cluster.ts';
import { whyNoNode } from '../test/kit/node/why-no-node.ts';
import { whyNoTools } from '../test/kit/tools.ts';

const root = join(import.meta.dirname, '..');
const home = join(root, '.espalier/cluster');
const say = (text: string) => process.stderr.write(`cluster-up: ${text}\n`);
const began = performance.now();
const since = (ms: number) => `${((performance.now() - ms) / 1000).toFixed(1)} s`;

const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  const start = performance.now();
  const result = await work();
  say(`${what} (${since(start)})`);
  return result;
};

const noTools = whyNoTools();
if (noTools !== false) {
  say(noTools);
  process.exit(1);
}
let cluster = runningCluster(home);
if (cluster !== undefined) say('it runs already');
else {
  const noNode = whyNoNode();
  if (noNode === false) {
    say('starting a real node with the chart, its servers and Prometheus ...');
    cluster = await startLocalNodeCluster(home, step);
  } else {
    say(`${noNode}; so the nodes are fake`);
    say('starting a control plane, four fake nodes of 8 GPUs and the controller ...');
    cluster = await startLocalCluster(home, root);
  }
  say(`ready after ${since(began)}`);
}
const { kubeconfig, kubectl, url, folders, addresses } = cluster;
const lines = [
  ['Kubernetes', url],
  ['kubeconfig', kubeconfig],
  ...Object.entries(addresses),
  ['logs', folders.join(' ')],
] as const;
process.stdout.write(`${lines.map(([name, value]) => `${name.padEnd(12)}${value}\n`).join('')}
Next:
  export KUBECONFIG=${kubeconfig} PATH=${join(kubectl, '..')}:$PATH
  kubectl apply -f manifests/samples/cluster-sweep.yaml
  kubectl get experiments,trials,pods
  make cluster-down
`);
process.exit(0);
