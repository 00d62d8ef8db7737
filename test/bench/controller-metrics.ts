/** What a controller says about itself under `/metrics`, as a difference of two looks. */
export interface Readings {
  /** `method resource` to requests. */
  readonly requests: ReadonlyMap<string, number>;
  /** Of reconciles, by upper bound in seconds; cumulated as Prometheus has it. */
  readonly reconciles: ReadonlyMap<number, number>;
  /** Seconds by method, of all requests. */
  readonly seconds: ReadonlyMap<string, number>;
}

export function parseReadings(text: string): Readings {
  const requests = new Map<string, number>();
  const reconciles = new Map<number, number>();
  const seconds = new Map<string, number>();
  const add = <K>(to: Map<K, number>, key: K, value: number) =>
    to.set(key, (to.get(key) ?? 0) + value);
  for (const line of text.split('\n')) {
    const [, name = '', labelText = '', value = ''] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
    const labels = Object.fromEntries(
      [...labelText.matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1], match[2]]),
    );
    if (name === 'espalier_api_requests_total') {
      add(requests, `${labels['method']} ${labels['resource']}`, Number(value));
    } else if (name === 'espalier_reconcile_seconds_bucket') {
      add(reconciles, Number(labels['le'] === '+Inf' ? Infinity : labels['le']), Number(value));
    } else if (name === 'espalier_api_request_seconds_sum') {
      add(seconds, labels['method'] ?? '', Number(value));
    }
  }
  return { requests, reconciles, seconds };
}

export function difference(before: Readings, after: Readings): Readings {
  const minus = <K>(a: ReadonlyMap<K, number>, b: ReadonlyMap<K, number>) =>
    new Map([...a].map(([key, value]): [K, number] => [key, value - (b.get(key) ?? 0)]));
  return {
    requests: minus(after.requests, before.requests),
    reconciles: minus(after.reconciles, before.reconciles),
    seconds: minus(after.seconds, before.seconds),
  };
}

/** Reads and writes of the API, without the Lease, which is the same for any number of trials. */
export function countRequests({ requests }: Readings): { reads: number; writes: number } {
  let reads = 0;
  let writes = 0;
  for (const [key, count] of requests) {
    if (key.endsWith(' leases')) continue;
    if (key.startsWith('GET ')) reads += count;
    else writes += count;
  }
  return { reads, writes };
}

/** The quantile within its bucket by proportion; of no observation: 0. */
export function quantile(cumulated: ReadonlyMap<number, number>, q: number): number {
  const bounds = [...cumulated].sort(([a], [b]) => a - b);
  const wanted = (bounds.at(-1)?.[1] ?? 0) * q;
  let [lower, below] = [0, 0];
  for (const [bound, count] of bounds) {
    if (count >= wanted && count > below) {
      if (bound === Infinity) return lower;
      return lower + ((bound - lower) * (wanted - below)) / (count - below);
    }
    [lower, below] = [bound, count];
  }
  return 0;
}

/** Each kind of request with its count, and the mean time of each method. */
export function describeRequests({ requests, seconds }: Readings): string {
  const counts = [...requests].filter(([, count]) => count > 0);
  const means = [...seconds].flatMap(([method, total]) => {
    const count = counts
      .filter(([key]) => key.startsWith(`${method} `))
      .reduce((sum, [, each]) => sum + each, 0);
    return count === 0 ? [] : [`${method} ${((1000 * total) / count).toFixed(1)} ms`];
  });
  return [...counts.map(([key, count]) => `${key} ${count}`), ...means].join(', ');
}
