import { NAMESPACE } from '../integration/chart/helm.ts';
import type { KubeObject, Pod } from '../kit/kube-types.ts';
import { waitFor } from '../kit/wait.ts';
import { TEAM } from './experiments.ts';
import type { Kubernetes } from './kubernetes.ts';

const SLOW_MS = 12 * 60_000;

/** Asks for the end of a pod as a node that is drained, or a scheduler that preempts, does. */
export async function evict({ client }: Kubernetes, pod: string): Promise<void> {
  await client.create(`/api/v1/namespaces/${TEAM}/pods/${pod}/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: pod, namespace: TEAM },
  });
}

/** Drains a node of an Experiment's pods alone, as for a whole node where there are more of them. */
export async function drain({ kubectl }: Kubernetes, node: string, name: string): Promise<void> {
  const selector = `--pod-selector=espalier.dev/experiment=${name}`;
  try {
    await kubectl(['drain', node, selector, '--delete-emptydir-data', '--timeout=180s']);
  } finally {
    await kubectl(['uncordon', node]);
  }
}

/** Takes pods of the installation away without asking them; resolves once others serve. */
export async function killAll(
  kubernetes: Kubernetes,
  components: readonly string[],
): Promise<number> {
  const selector = `app.kubernetes.io/component in (${components.join(',')})`;
  const where = ['--namespace', NAMESPACE, '--selector', selector];
  const before = await kubernetes.list<Pod>('pods', ...where);
  const names = before.map(({ metadata }) => metadata.name ?? '');
  const now = ['--grace-period=0', '--force', '--wait=false'];
  await kubernetes.kubectl(['delete', 'pods', '--namespace', NAMESPACE, ...now, ...names]);
  const old = new Set(before.map(({ metadata }) => metadata.uid));
  await waitFor(
    async () => {
      const pods = await kubernetes.list<Pod>('pods', ...where);
      const fresh = pods.filter(({ metadata }) => !old.has(metadata.uid));
      return fresh.length === before.length && fresh.every(isReady);
    },
    { what: `${components.join(', ')} serve again`, timeoutMs: SLOW_MS, maxPauseMs: 1_000 },
  );
  return names.length;
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

interface Node extends KubeObject {
  readonly status: { readonly conditions: readonly { type: string; status: string }[] };
}

/** Resolves once the API server says so of the node. */
export async function untilNode(
  kubernetes: Kubernetes,
  name: string,
  ready: boolean,
): Promise<void> {
  await waitFor(
    async () => {
      const { status } = await kubernetes.client.get<Node>(`/api/v1/nodes/${name}`);
      const condition = status.conditions.find(({ type }) => type === 'Ready');
      return (condition?.status === 'True') === ready;
    },
    { what: `node ${name} is ${ready ? '' : 'not '}ready`, timeoutMs: SLOW_MS, maxPauseMs: 500 },
  );
}

/** What a person would look at, in the order in which they would. */
export async function whatIsThere(kubernetes: Kubernetes): Promise<string> {
  const show = async (title: string, lines: number, args: readonly string[]): Promise<string> => {
    const text = await kubernetes.kubectl(args).catch((error: Error) => error.message);
    return [`--- ${title}`, ...text.trimEnd().split('\n').slice(-lines)].join('\n');
  };
  const controller = ['--selector=app.kubernetes.io/component=controller', '--prefix'];
  const parts = await Promise.all([
    show('objects', 60, ['get', 'nodes,experiments,trials,pods', '-A', '-o', 'wide']),
    show('trials', 40, [
      'get',
      'trials',
      '-n',
      TEAM,
      '-o',
      'jsonpath={range .items[*]}{.metadata.name} {.status}{"\\n"}{end}',
    ]),
    show('events', 40, ['get', 'events', '-A', '--sort-by=.lastTimestamp']),
    show('controller', 40, ['logs', '-n', NAMESPACE, ...controller, '--tail=60']),
    show('pods of the release', 40, ['describe', 'pods', '-n', NAMESPACE]),
    show('pods of the trials', 60, ['describe', 'pods', '-n', TEAM]),
  ]);
  return parts.join('\n');
}
