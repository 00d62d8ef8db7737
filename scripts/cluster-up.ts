import { join } from 'node:path';
import { type ClusterRecord, runningCluster } from '../test/kit/cluster-record.ts';
import { hasDocker, runningKind, startKind } from '../test/kit/kind/kind-cluster.ts';
import { startLocalCluster } from '../test/kit/local-cluster.ts';
import { startLocalNodeCluster } from '../test/kit/node/local-node-cluster.ts';
import { whyNoNode } from '../test/kit/node/why-no-node.ts';
import { whyNoTools } from '../test/kit/tools.ts';
import { unlessAborted } from '../test/kit/wait.ts';

const root = join(import.meta.dirname, '..');
const home = join(root, '.espalier/cluster');
const say = (text: string) => process.stderr.write(`cluster-up: ${text}\n`);
const began = performance.now();
const since = (ms: number) => `${((performance.now() - ms) / 1000).toFixed(1)} s`;

// Ctrl-C: what has started ends, here in order and at the latest with this process.
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interrupted.abort());
}
const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  const start = performance.now();
  const result = await unlessAborted(work(), interrupted.signal);
  say(`${what} (${since(start)})`);
  return result;
};

/** What to tell of a cluster. */
interface Facts {
  readonly kubeconfig: string;
  readonly kubectl: string;
  /** Its pods run, so a trial needs data. */
  readonly isReal: boolean;
  readonly others?: Readonly<Record<string, string>>;
}

const factsOf = ({ url, folders, addresses, ...facts }: ClusterRecord): Facts => ({
  ...facts,
  isReal: facts.node !== undefined,
  others: { Kubernetes: url, ...addresses, logs: folders.join(' ') },
});

async function findRunning(): Promise<Facts | undefined> {
  const cluster = runningCluster(home);
  if (cluster !== undefined) return factsOf(cluster);
  const kind = hasDocker() ? await runningKind(home) : undefined;
  return kind && { ...kind, isReal: true };
}

/** The most real cluster that this machine can have. */
async function start(): Promise<Facts> {
  const noNode = whyNoNode();
  if (noNode === false) {
    say('starting a real node with the chart, its servers and Prometheus ...');
    return factsOf(await startLocalNodeCluster(home, step));
  }
  if (hasDocker()) {
    say(`${noNode}; Docker answers, so kind starts one`);
    return { ...(await startKind(home, step)), isReal: true };
  }
  say(`${noNode}; no Docker answers, so the nodes are fake`);
  return factsOf(
    await step('a control plane, four fake nodes of 8 GPUs and the controller', () =>
      startLocalCluster(home, root),
    ),
  );
}

function fail(status: number, why: string): never {
  say(why);
  process.exit(status);
}

const noTools = whyNoTools();
if (noTools !== false) fail(1, noTools);
const running = await findRunning();
if (running !== undefined) say('it runs already');
const {
  kubeconfig,
  kubectl,
  isReal,
  others = {},
} = running ??
(await start().catch((error): never => {
  if (interrupted.signal.aborted) fail(130, 'interrupted; nothing is left');
  throw error;
}));
if (running === undefined) say(`ready after ${since(began)}`);
const lines = Object.entries({ kubeconfig, ...others }).map(
  ([name, value]) => `${name.padEnd(12)}${value}\n`,
);
process.stdout.write(`${lines.join('')}
Next:
  export KUBECONFIG=${kubeconfig} PATH=${join(kubectl, '..')}:$PATH
  ${isReal ? '# data for trials: docs/install.md, "To try it"' : 'kubectl apply -f manifests/samples/cluster-sweep.yaml'}
  kubectl get experiments,trials,pods
  make cluster-down
`);
process.exit(0);
