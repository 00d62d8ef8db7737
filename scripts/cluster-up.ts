import { join } from 'node:path';
import { runningCluster, startLocalCluster } from '../test/kit/local-cluster.ts';
import { whyNoTools } from '../test/kit/tools.ts';

const root = join(import.meta.dirname, '..');
const home = join(root, '.espalier/cluster');
const say = (text: string) => process.stderr.write(`cluster-up: ${text}\n`);

const reason = whyNoTools();
if (reason !== false) {
  say(reason);
  process.exit(1);
}
let cluster = runningCluster(home);
if (cluster !== undefined) say('it runs already');
else {
  const began = performance.now();
  say('starting a control plane with four fake nodes of 8 GPUs; no root needed ...');
  cluster = await startLocalCluster(home, join(root, 'manifests/crd'));
  say(`ready after ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
const { kubeconfig, kubectl, url, folder } = cluster;
process.stdout.write(`Kubernetes  ${url}
kubeconfig  ${kubeconfig}
logs        ${folder}

Next:
  export KUBECONFIG=${kubeconfig} PATH=${join(kubectl, '..')}:$PATH
  kubectl get nodes
  make cluster-down
`);
