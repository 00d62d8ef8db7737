import assert from 'node:assert/strict';
import { CHART, helm, NAMESPACE, RELEASE, type Values } from '../integration/chart/helm.ts';
import type { KubeObject } from '../kit/kube-types.ts';
import type { Kubernetes } from './kubernetes.ts';

const HELM_TIMEOUT = '12m';

/**
 * What the suite changes of the chart's values: two cores have to do for everything. Sizes are the chart's own,
 * since a claim that an earlier release left cannot be made smaller.
 */
export const SMALL: Values = {
  controller: {
    resources: { requests: { cpu: '100m', memory: '192Mi' }, limits: { memory: '1Gi' } },
  },
};

/** The release of the chart in a cluster. */
export class Release {
  readonly #kubernetes: Kubernetes;

  constructor(kubernetes: Kubernetes) {
    this.#kubernetes = kubernetes;
  }

  async isInstalled(): Promise<boolean> {
    return (await this.#run(['list', '--all', '--short'])).split('\n').includes(RELEASE);
  }

  async install(values: Values): Promise<string> {
    return this.#run(['install', RELEASE, CHART, '--create-namespace', ...waits()], values);
  }

  async upgrade(chart: string, values: Values): Promise<string> {
    return this.#run(['upgrade', RELEASE, chart, '--reset-then-reuse-values', ...waits()], values);
  }

  async test(): Promise<string> {
    return this.#run(['test', RELEASE, '--timeout', HELM_TIMEOUT]);
  }

  async uninstall(): Promise<string> {
    return this.#run(['uninstall', RELEASE, '--wait', '--timeout', HELM_TIMEOUT]);
  }

  /** Everything that is there of the release, as `Kind namespace/name`. */
  async objects(): Promise<string[]> {
    const { kubectl } = this.#kubernetes;
    const verbs = ['api-resources', '--verbs=list,delete', '-o', 'name'];
    const [inside, outside] = await Promise.all(
      ['true', 'false'].map((namespaced) => kubectl([...verbs, `--namespaced=${namespaced}`])),
    );
    const kinds = (text = '') => text.trim().split('\n').filter(isKept).join(',');
    const [namespaced, cluster] = await Promise.all([
      this.#kubernetes.list<KubeObject>(kinds(inside), '--namespace', NAMESPACE),
      this.#kubernetes.list<KubeObject>(kinds(outside)),
    ]);
    const ours = cluster.filter(
      ({ metadata }) =>
        metadata.labels?.['app.kubernetes.io/name'] === 'espalier' ||
        /espalier/.test(metadata.name ?? ''),
    );
    return [...namespaced, ...ours].map(
      ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`,
    );
  }

  async #run(args: readonly string[], values?: Values): Promise<string> {
    const { kubeconfig } = this.#kubernetes;
    const all = [...args, '--namespace', NAMESPACE];
    const { code, stdout, stderr } = await helm(
      all,
      values === undefined ? { kubeconfig } : { kubeconfig, values },
    );
    assert.equal(code, 0, `helm ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}

const waits = () => ['--wait', '--wait-for-jobs', '--timeout', HELM_TIMEOUT];

/** Events tell of the past, and endpoints go a moment after their Service. */
function isKept(resource: string): boolean {
  return !/^(events|endpoints|endpointslices)(\.|$)/.test(resource);
}
