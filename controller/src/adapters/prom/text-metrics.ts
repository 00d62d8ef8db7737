import type { Telemetry } from '../../ports/telemetry.ts';

const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

type Labels = Readonly<Record<string, string>>;

interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** The controller's own numbers, in the text format of Prometheus. */
export class TextMetrics implements Telemetry {
  readonly #counters = new Map<string, Map<string, number>>();
  readonly #gauges = new Map<string, Map<string, number>>();
  readonly #histograms = new Map<string, Map<string, Histogram>>();

  reconciled(controller: string, outcome: string, seconds: number): void {
    this.count('espalier_reconciles_total', { controller, outcome });
    this.observe('espalier_reconcile_seconds', { controller }, seconds);
  }

  queueDepth(controller: string, depth: number): void {
    this.set('espalier_queue_depth', { controller }, depth);
  }

  count(name: string, labels: Labels): void {
    const series = seriesOf(this.#counters, name);
    const text = labelText(labels);
    series.set(text, (series.get(text) ?? 0) + 1);
  }

  set(name: string, labels: Labels, value: number): void {
    seriesOf(this.#gauges, name).set(labelText(labels), value);
  }

  observe(name: string, labels: Labels, value: number): void {
    const series = seriesOf(this.#histograms, name);
    const text = labelText(labels);
    let histogram = series.get(text);
    if (histogram === undefined) {
      histogram = { counts: BUCKETS.map(() => 0), sum: 0, count: 0 };
      series.set(text, histogram);
    }
    const at = BUCKETS.findIndex((bound) => value <= bound);
    if (at >= 0) histogram.counts[at] = (histogram.counts[at] ?? 0) + 1;
    histogram.sum += value;
    histogram.count += 1;
  }

  render(): string {
    const lines: string[] = [];
    const plain = (type: string, families: Map<string, Map<string, number>>) => {
      for (const [name, series] of families) {
        lines.push(`# TYPE ${name} ${type}`);
        for (const [labels, value] of series) lines.push(`${name}${braced(labels)} ${value}`);
      }
    };
    plain('counter', this.#counters);
    plain('gauge', this.#gauges);
    for (const [name, series] of this.#histograms) {
      lines.push(`# TYPE ${name} histogram`);
      for (const [labels, histogram] of series) lines.push(...bucketLines(name, labels, histogram));
    }
    return `${lines.join('\n')}\n`;
  }
}

function bucketLines(name: string, labels: string, { counts, sum, count }: Histogram): string[] {
  const comma = labels === '' ? '' : `${labels},`;
  let below = 0;
  const buckets = BUCKETS.map((bound, at) => {
    below += counts[at] ?? 0;
    return `${name}_bucket{${comma}le="${bound}"} ${below}`;
  });
  return [
    ...buckets,
    `${name}_bucket{${comma}le="+Inf"} ${count}`,
    `${name}_sum${braced(labels)} ${sum}`,
    `${name}_count${braced(labels)} ${count}`,
  ];
}

function seriesOf<T>(families: Map<string, Map<string, T>>, name: string): Map<string, T> {
  let series = families.get(name);
  if (series === undefined) {
    series = new Map();
    families.set(name, series);
  }
  return series;
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replaceAll(/["\\\n]/g, ' ')}"`)
    .join(',');
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}
