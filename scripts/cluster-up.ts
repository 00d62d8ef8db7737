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
  say('starting a control plane, four fake nodes of 8 GPUs and the controller ...');
  cluster = await startLocalCluster(home, root);
  say(`ready after ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
const { kubeconfig, kubectl, url, folder, controller } = cluster;
process.stdout.write(`Kubernetes  ${url}
kubeconfig  ${kubeconfig}
controller  ${controller}/metrics
logs        ${folder}

Next:
  export KUBECONFIG=${kubeconfig} PATH=${join(kubectl, '..')}:$PATH
  kubectl apply -f manifests/samples/cluster-sweep.yaml
  kubectl get experiments,trials,pods
  make cluster-down
`);
