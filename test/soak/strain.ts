import { setTimeout as sleep } from 'node:timers/promises';
import { type Experiment, isTerminalExperiment } from '@espalier/api';
import { TEAM } from '../e2e/experiments.ts';
import type { Kubernetes } from '../e2e/kubernetes.ts';
import { NAMESPACE } from '../integration/chart/helm.ts';
import { createExperiment, experimentsPath, trialsIn } from '../integration/k8s/objects.ts';
import type { ApiClient } from '../kit/api-client.ts';
import type { Pod } from '../kit/kube-types.ts';
import type { NodeCluster } from '../kit/node/node-cluster.ts';
import { waitFor } from '../kit/wait.ts';
import { inject } from './faults.ts';
import type { Ended } from './judge.ts';
import type { KeptLogs } from './kept-logs.ts';
import { type MemorySample, sampleOf } from './memory.ts';
import { schedule, type Victim } from './schedule.ts';
import { type Job, job, PREFIX, quickTrainer } from './workload.ts';

/** Experiments at a time. */
const SLOTS = 2;
const SAMPLE_MS = 2_000;
const METRICS_PORT = 8080;
/** A soak that is at least so long leaves the controllers alone for its last third. */
const LONG_MINUTES = 15;
/** Servers that were killed often come back late, and nothing of it may be lost. */
export const RECOVERY_MS = 15 * 60_000;

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
}

/** What there was and what was seen while it lasted. */
export interface Strained {
  readonly ended: readonly Ended[];
  readonly samples: readonly MemorySample[];
  readonly faults: Readonly<Partial<Record<Victim, number>>>;
}

interface Parts {
  readonly kubernetes: Kubernetes;
  readonly own: NodeCluster;
  readonly logs: KeptLogs;
  readonly say: (text: string) => void;
}

/**
 * Runs small Experiments, two at a time, each deleted after its end, and injects faults; resolves when the time
 * is over and all that was begun has ended.
 */
export async function strain(parts: Parts, options: SoakOptions): Promise<Strained> {
  const { kubernetes, logs } = parts;
  const untilMs = performance.now() + options.minutes * 60_000;
  const [ended, samples]: [Ended[], MemorySample[]] = [[], []];
  const [broken, over] = [new AbortController(), new AbortController()];
  const beside = [logs.run(over.signal), sample(kubernetes, samples, over.signal)];
  const killing = kill(parts, options, broken.signal);
  const command = quickTrainer();
  let next = 0;
  const slot = async () => {
    while (performance.now() < untilMs) {
      const wanted = job(next++, command);
      ended.push(await runJob(kubernetes.client, wanted, broken.signal));
    }
  };
  try {
    const [faults] = await Promise.all([killing, ...Array.from({ length: SLOTS }, slot)]);
    return { ended, samples, faults };
  } finally {
    broken.abort();
    await killing.catch(() => undefined);
    over.abort();
    await Promise.all(beside);
  }
}

async function runJob(client: ApiClient, wanted: Job, signal: AbortSignal): Promise<Ended> {
  await createExperiment(client, TEAM, wanted.name, wanted.spec);
  const path = experimentsPath(TEAM, wanted.name);
  const experiment = await waitFor(
    async () => {
      const found = (await client.get(path)) as unknown as Experiment;
      return isTerminalExperiment(found.status?.phase) && found;
    },
    { what: `${wanted.name} has ended`, timeoutMs: RECOVERY_MS, maxPauseMs: 500, signal },
  );
  const all = await trialsIn(client, TEAM);
  const trials = all.filter(({ metadata }) => metadata.name.startsWith(`${wanted.name}-`));
  await client.remove(path);
  return { job: wanted, experiment, trials };
}

async function kill(
  { kubernetes, own, say }: Parts,
  { minutes, seed }: SoakOptions,
  signal: AbortSignal,
): Promise<Strained['faults']> {
  const beganMs = performance.now();
  const untilMs = beganMs + minutes * 60_000;
  // Memory that grows slowly shows only in a process that lives long.
  const spareMs = minutes < LONG_MINUTES ? untilMs : untilMs - (minutes * 60_000) / 3;
  const target = {
    kubernetes,
    own,
    isTrainer: ({ metadata }: Pod) => metadata.name?.startsWith(PREFIX) === true,
  };
  const counts: Partial<Record<Victim, number>> = {};
  for (const fault of schedule(seed)) {
    if (performance.now() + fault.afterMs > untilMs) break;
    if (fault.victim === 'controller' && performance.now() > spareMs) continue;
    await sleep(fault.afterMs, undefined, { signal });
    const said = await inject(target, fault, signal);
    counts[fault.victim] = (counts[fault.victim] ?? 0) + 1;
    say(`${Math.round((performance.now() - beganMs) / 1000)} s: ${said}`);
  }
  return counts;
}

/** Notes what the controllers take, those that answer. */
async function sample(
  { client }: Kubernetes,
  into: MemorySample[],
  signal: AbortSignal,
): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods`;
  const selector = '?labelSelector=app.kubernetes.io/component=controller';
  const look = async (): Promise<void> => {
    const { items } = await client.list<Pod>(`${path}${selector}`);
    for (const { name = '' } of items.map(({ metadata }) => metadata)) {
      const page = await client.request('GET', `${path}/${name}:${METRICS_PORT}/proxy/metrics`);
      const found = page.status === 200 ? sampleOf(name, page.text, Date.now()) : undefined;
      if (found !== undefined) into.push(found);
    }
  };
  while (!signal.aborted) {
    await look().catch(() => undefined);
    await sleep(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
  }
}
