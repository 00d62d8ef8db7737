import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { ControlPlane } from '../../kit/control-plane.ts';
import type { KubeList, KubeObject } from '../../kit/kube-types.ts';
import type { ProcessImage } from '../../kit/process-node/container.ts';
import { type ProcessNode, startProcessNode } from '../../kit/process-node/process-node.ts';
import { useCluster, watchOutcome } from '../../kit/suite.ts';
import { CHART, type HelmEnd, helm, NAMESPACE, RELEASE, type Values } from './helm.ts';

const PROGRAM = join(import.meta.dirname, '../../../controller/src/main.ts');
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A cluster on which helm installs the chart, whose controllers, hooks and trials run as processes. */
export interface ChartRig {
  readonly plane: ControlPlane;
  readonly node: ProcessNode;
  /** Runs helm against it, in the namespace of the release. */
  helm(args: readonly string[], values?: Values): Promise<HelmEnd>;
}

/** Values with which the chart runs here: two replicas on one machine, volumes that nobody provides. */
export const HERE = {
  controller: {
    env: [
      { name: 'ESPALIER_HTTP_PORT', value: '0' },
      // The node maps paths in variables, not in files.
      { name: 'ESPALIER_NATS_KEYS', value: '/etc/espalier/nats' },
    ],
    leaseDuration: '4s',
    renewDeadline: '3s',
    retryPeriod: '500ms',
  },
  nats: { bundled: { storage: { persistent: false } } },
  // An Experiment ends once its record lies in the store, and nobody here answers to the store's name.
  s3: { mode: 'none' },
} as const;

/** What stands for images, by their names. */
type Images = Readonly<Record<string, ProcessImage>>;

/** @param more images than the controller of this checkout and a shell as the trainer. */
export function useChartRig(
  label: string,
  more: (plane: ControlPlane) => Promise<Images> = async () => ({}),
): ChartRig {
  const cluster = useCluster({ label, nodes: false });
  let node: ProcessNode | undefined;
  const outcome = watchOutcome();
  before(async () => {
    const { plane } = cluster;
    const images = {
      'localhost/espalier/controller:0.1.0': controllerImage(plane, PROGRAM),
      'localhost/espalier/trainer:0.1.0': { entrypoint: ['/bin/sh'] },
      'nats:2.15.2': { entrypoint: ['/bin/sh', '-c', 'exec sleep 3600'] },
      ...(await more(plane)),
    };
    node = await startProcessNode(plane, { images });
  });
  after(() => node?.stop(outcome));
  return {
    get plane() {
      return cluster.plane;
    },
    get node() {
      if (node === undefined) throw new Error('the node runs only while the suite has tests');
      return node;
    },
    helm: (args, values) => {
      const { kubeconfig } = cluster.plane;
      const all = [...args, '--namespace', NAMESPACE];
      return helm(all, values === undefined ? { kubeconfig } : { values, kubeconfig });
    },
  };
}

/** Arguments that install or upgrade the release and wait until it works. */
export function apply(verb: 'install' | 'upgrade', chart = CHART): string[] {
  const create = verb === 'install' ? ['--create-namespace'] : [];
  return [verb, RELEASE, chart, ...create, '--wait', '--wait-for-jobs', '--timeout', '120s'];
}

/** Every object of some kinds that says it is ours, as `Kind namespace/name`. */
export async function ours(plane: ControlPlane): Promise<string[]> {
  const kinds = [
    'pods,deployments,replicasets,statefulsets,jobs,services,configmaps,secrets,serviceaccounts',
    'roles,rolebindings,clusterroles,clusterrolebindings,networkpolicies,poddisruptionbudgets',
    'persistentvolumeclaims,validatingadmissionpolicies,validatingadmissionpolicybindings',
    'trainerprofiles',
  ].join(',');
  const selector = 'app.kubernetes.io/name=espalier';
  const answer = await plane.kubectl(['get', kinds, '-A', '-l', selector, '-o', 'json']);
  const { items } = JSON.parse(answer) as KubeList<KubeObject>;
  return items.map(
    ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`,
  );
}

/** A controller whose account is its pod's, as the API server gave it: its rights are those of the chart. */
export function controllerImage(plane: ControlPlane, program: string): ProcessImage {
  const entrypoint = plane.folder.file('controller.sh');
  writeFileSync(
    entrypoint,
    `cat > kubeconfig <<END
apiVersion: v1
kind: Config
current-context: pod
contexts: [{ name: pod, context: { cluster: pod, user: pod, namespace: "$(cat "$ACCOUNT/namespace")" } }]
clusters: [{ name: pod, cluster: { server: "${plane.url}", certificate-authority: "$ACCOUNT/ca.crt" } }]
users: [{ name: pod, user: { tokenFile: "$ACCOUNT/token" } }]
END
export ESPALIER_KUBECONFIG=$PWD/kubeconfig
exec "${process.execPath}" --conditions=@espalier/source "$PROGRAM" "$@"
`,
  );
  return {
    entrypoint: ['/bin/sh', entrypoint],
    programs: { '/app/node_modules/.bin/node': [process.execPath] },
    env: { ACCOUNT, PROGRAM: program },
  };
}
