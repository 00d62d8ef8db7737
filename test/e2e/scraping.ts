import { NAMESPACE } from '../integration/chart/helm.ts';
import type { Pod } from '../kit/kube-types.ts';
import { type Prometheus, startPrometheus } from '../kit/prometheus.ts';
import type { Kubernetes } from './kubernetes.ts';

const PORT = 8080;

/**
 * Starts a Prometheus on this machine that reads the pages of the controllers that run now. It reads them
 * through the API server, so it needs no image and no way to the pods.
 */
export async function startScraping(kubernetes: Kubernetes): Promise<Prometheus> {
  const selector = '--selector=app.kubernetes.io/component=controller';
  const pods = await kubernetes.list<Pod>('pods', '--namespace', NAMESPACE, selector);
  const targets = [`127.0.0.1:${kubernetes.proxyPort}`];
  return startPrometheus({
    scrapeConfigs: pods.map(({ metadata: { name } }) => ({
      job_name: name,
      scrape_interval: '500ms',
      honor_labels: true,
      metrics_path: `/api/v1/namespaces/${NAMESPACE}/pods/${name}:${PORT}/proxy/metrics`,
      static_configs: [{ targets }],
    })),
  });
}
