import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Prometheus, startPrometheus } from '../../kit/prometheus.ts';
import { waitFor } from '../../kit/wait.ts';
import type { Stage } from './stage.ts';

const MANIFESTS = join(import.meta.dirname, '../../../manifests/monitoring');

export function readManifest<T>(name: string): T {
  return parse(readFileSync(join(MANIFESTS, name), 'utf8')) as T;
}

interface PodMonitor {
  readonly spec: {
    readonly podMetricsEndpoints: readonly [
      { readonly path: string; readonly honorLabels: boolean },
    ];
    readonly sampleLimit: number;
    readonly labelLimit: number;
    readonly labelNameLengthLimit: number;
    readonly labelValueLengthLimit: number;
  };
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly {
    readonly alert?: string;
    readonly record?: string;
    readonly expr: string;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
}

export function ruleGroups(): readonly RuleGroup[] {
  return readManifest<{ spec: { groups: RuleGroup[] } }>('prometheusrule.yaml').spec.groups;
}

/** Prometheus scrapes the stages' pages as the PodMonitor says, twice a second. */
export async function scrape(
  stages: readonly Stage[],
  groups: readonly RuleGroup[] = [],
): Promise<Prometheus> {
  const { spec } = readManifest<PodMonitor>('podmonitor.yaml');
  const [{ path, honorLabels }] = spec.podMetricsEndpoints;
  const targets = await Promise.all(stages.map((stage) => stage.listen()));
  return startPrometheus({
    groups,
    scrapeConfigs: [
      {
        job_name: 'espalier-system/espalier-controller',
        scrape_interval: '500ms',
        scrape_timeout: '500ms',
        metrics_path: path,
        honor_labels: honorLabels,
        sample_limit: spec.sampleLimit,
        label_limit: spec.labelLimit,
        label_name_length_limit: spec.labelNameLengthLimit,
        label_value_length_limit: spec.labelValueLengthLimit,
        // What the operator's target labels would be.
        static_configs: targets.map((target, index) => ({
          targets: [target],
          labels: { namespace: 'espalier-system', pod: podName(index), container: 'controller' },
        })),
      },
    ],
  });
}

/** The name of the pod whose page is that of the stage with this index. */
export function podName(index: number): string {
  return `espalier-controller-${index}`;
}

/** Resolves once a scrape has succeeded that began after this call. */
export async function nextScrape(prometheus: Prometheus, pod = podName(0)): Promise<void> {
  // Prometheus moves the time of a scrape by up to 2 ms.
  const nowSeconds = (Date.now() + 5) / 1000;
  await waitFor(
    async () => {
      const [sample] = await prometheus.query(`timestamp(up{pod="${pod}"}) and up == 1`);
      return sample !== undefined && Number(sample.value) > nowSeconds;
    },
    { what: `Prometheus has scraped ${pod}` },
  );
}

/** A number as Prometheus writes it. */
export function numberOf(value: string): number {
  return Number(value.replace('Inf', 'Infinity'));
}
