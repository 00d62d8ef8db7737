import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Experiment, isTerminalExperiment } from '@espalier/api';
import { TEAM } from '../e2e/experiments.ts';
import type { Kubernetes } from '../e2e/kubernetes.ts';
import type { Rig } from '../e2e/rig.ts';
import { attemptRecord, objectsOf, type Store, withStore } from '../e2e/store.ts';
import { NAMESPACE } from '../integration/chart/helm.ts';
import { createExperiment, experimentsPath, trialsIn } from '../integration/k8s/objects.ts';
import type { Pod } from '../kit/kube-types.ts';
import type { NodeCluster } from '../kit/node/node-cluster.ts';
import { waitFor } from '../kit/wait.ts';
import { type FaultTarget, inject } from './faults.ts';
import { type Account, accountOf, type Ended, sumOf, wrongEnd } from './judge.ts';
import { filesLeft, leftovers, unfinishedUploads, wrongLeftovers } from './leftovers.ts';
import { type MemorySample, memoryTrend, sampleOf } from './memory.ts';
import { schedule, VICTIMS, type Victim } from './schedule.ts';
import { KeptLogs } from './trainer-logs.ts';
import { job, quickTrainer } from './workload.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
}

const PREFIX = 'soak-';
/** Experiments at a time. */
const SLOTS = 2;
const SAMPLE_MS = 2_000;
/** Servers that were killed often come back late, and nothing of it may be lost. */
const SLOW_MS = 15 * 60_000;
/** What one controller may take; the documentation promises less for 10,000 trials. */
const MOST_MIB = 350;
/** A slope is judged only over so long a time, and then it has to be as good as flat. */
const JUDGED_SECONDS = 30 * 60;
const STEEPEST_MIB_PER_MINUTE = 0.5;

/** SOAK_MINUTES and SOAK_SEED, else 3 minutes and a seed of the hour. */
export function soakOptions(): SoakOptions {
  const { SOAK_MINUTES = '3', SOAK_SEED } = process.env;
  const minutes = Number(SOAK_MINUTES);
  assert.ok(minutes > 0, `SOAK_MINUTES is "${SOAK_MINUTES}"`);
  return { minutes, seed: Number(SOAK_SEED ?? Date.now() % 100_000) };
}

/** How long all of it may take: the faults, and until everything has recovered and was judged. */
export const soakTimeoutMs = ({ minutes }: SoakOptions): number => minutes * 90_000 + 2 * SLOW_MS;

/**
 * Small Experiments one after the other while everything is killed in turn; at the end every trial has to be
 * accounted for, no point lost, nothing made twice and nothing left behind.
 */
export async function soak(rig: Rig, context: TestContext, options: SoakOptions): Promise<void> {
  const { own } = rig.target;
  if (own === undefined) return context.skip('the kubelet and the containers are not ours to kill');
  context.diagnostic(`SOAK_SEED=${options.seed} SOAK_MINUTES=${options.minutes}`);
  const run = new Soak(rig, own, context);
  await run.strain(options);
  rig.mark('strained');
  await run.judge(options);
  rig.mark('soak judged');
}

class Soak {
  readonly #rig: Rig;
  readonly #context: TestContext;
  readonly #logs: KeptLogs;
  readonly #target: FaultTarget;
  readonly #ended: Ended[] = [];
  readonly #samples: MemorySample[] = [];
  readonly #faults: Record<Victim, number>;

  constructor(rig: Rig, own: NodeCluster, context: TestContext) {
    this.#rig = rig;
    this.#context = context;
    const kept = process.env['SOAK_LOGS'] ?? rig.files.file('container-logs');
    this.#logs = new KeptLogs(own.podLogs, kept);
    this.#faults = Object.fromEntries(VICTIMS.map((victim) => [victim, 0])) as never;
    this.#target = {
      kubernetes: rig.kubernetes,
      own,
      isTrainer: ({ metadata }) => metadata.name?.startsWith(PREFIX) === true,
    };
  }

  /** Experiments and faults until the time is over and all that was begun has ended. */
  async strain({ minutes, seed }: SoakOptions): Promise<void> {
    const [faults, watching] = [new AbortController(), new AbortController()];
    const untilMs = performance.now() + minutes * 60_000;
    const beside = [this.#logs.run(watching.signal), this.#sample(watching.signal)];
    const killing = this.#kill(seed, untilMs, faults.signal);
    const command = quickTrainer();
    let next = 0;
    const slot = async () => {
      while (performance.now() < untilMs) await this.#tryOne(next++, command);
    };
    try {
      await Promise.all([killing, ...Array.from({ length: SLOTS }, slot)]);
    } finally {
      faults.abort();
      await killing.catch(() => undefined);
      watching.abort();
      await Promise.all(beside);
    }
  }

  async judge(options: SoakOptions): Promise<void> {
    const { kubernetes, pods } = this.#rig;
    const left = await waitFor(
      async () => {
        const found = await leftovers(kubernetes, PREFIX);
        const wrong = wrongLeftovers(found);
        if (wrong.length > 0) throw new Error(wrong.join(', '));
        return found;
      },
      { what: 'nothing is left', timeoutMs: SLOW_MS, maxPauseMs: 1_000 },
    );
    const [account, uploads, wrongFiles] = await withStore(kubernetes, async (store) => [
      sumOf(await this.#accounts(store)),
      await unfinishedUploads(store),
      await this.#wrongFiles(store),
    ]);
    const memory = memoryTrend(this.#samples);
    writeFileSync(join(this.#logs.folder, 'memory.json'), JSON.stringify(this.#samples));
    const trials = this.#ended.flatMap((one) => one.trials);
    const attempts = trials.flatMap(({ status }) => status?.attempts ?? []);
    const twice = pods.twice.filter((name) => name.startsWith(PREFIX));
    const wrong = [
      ...this.#ended.flatMap(wrongEnd),
      ...account.wrong,
      ...twice.map((name) => `${name} was given to two pods`),
      ...this.#ended
        .filter(({ job: { name, parallel } }) => pods.peakOf(TEAM, name) > parallel)
        .map(({ job: { name } }) => `${name} had ${pods.peakOf(TEAM, name)} pods at once`),
      ...uploads.map((key) => `the upload of ${key} was never ended`),
      ...wrongFiles,
    ];
    const { wrong: _, ...points } = account;
    const result = {
      ...options,
      experiments: this.#ended.length,
      trials: trials.length,
      attempts: attempts.length,
      faults: this.#faults,
      ...points,
      podsTwice: twice.length,
      memory,
      left: { ...left, objects: left.objects.length, uploads: uploads.length },
      controllerErrors: this.#logs.errors(),
      wrong: wrong.length,
    };
    this.#context.diagnostic(JSON.stringify({ soak: result }));
    assert.deepEqual(wrong, []);
    assert.deepEqual([account.lost, account.duplicates], [0, 0]);
    assert.ok(account.sent > 0, 'nothing was sent');
    assert.ok(memory.maxMib > 0, 'no controller told what it takes');
    assert.ok(memory.maxMib < MOST_MIB, `a controller took ${memory.maxMib} MiB`);
    if (memory.seconds >= JUDGED_SECONDS) {
      assert.ok((memory.slope?.resident ?? 0) < STEEPEST_MIB_PER_MINUTE, JSON.stringify(memory));
    }
  }

  async #tryOne(index: number, command: readonly string[]): Promise<void> {
    const { client } = this.#rig.kubernetes;
    const wanted = job(index, command);
    await createExperiment(client, TEAM, wanted.name, wanted.spec);
    const path = experimentsPath(TEAM, wanted.name);
    const experiment = await waitFor(
      async () => {
        const found = (await client.get(path)) as unknown as Experiment;
        return isTerminalExperiment(found.status?.phase) && found;
      },
      { what: `${wanted.name} has ended`, timeoutMs: SLOW_MS, maxPauseMs: 500 },
    );
    const trials = (await trialsIn(client, TEAM)).filter(({ metadata }) =>
      metadata.name.startsWith(`${wanted.name}-`),
    );
    this.#ended.push({ job: wanted, experiment, trials });
    await client.remove(path);
  }

  async #kill(seed: number, untilMs: number, signal: AbortSignal): Promise<void> {
    const beganMs = performance.now();
    for (const fault of schedule(seed)) {
      if (performance.now() + fault.afterMs > untilMs) return;
      await sleep(fault.afterMs, undefined, { signal });
      const said = await inject(this.#target, fault, signal);
      this.#faults[fault.victim] += 1;
      const seconds = Math.round((performance.now() - beganMs) / 1000);
      this.#context.diagnostic(`${seconds} s: ${said}`);
    }
  }

  async #sample(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#samples.push(...(await samplesOf(this.#rig.kubernetes).catch(() => [])));
      await sleep(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #accounts(store: Store): Promise<Account[]> {
    const accounts: Account[] = [];
    for (const { job, experiment, trials } of this.#ended) {
      const names = job.keepsFiles ? await objectsOf(store, experiment) : [];
      for (const trial of trials) {
        const printed = this.#logs.attemptsOf(TEAM, trial.metadata.name);
        const attempt = trial.status?.attempts.at(-1)?.number ?? 0;
        const place = { experiment, trial, attempt };
        const record = job.keepsFiles ? await attemptRecord(store, place, names) : undefined;
        const stored = job.keepsFiles ? (record?.points ?? []) : undefined;
        const account = accountOf(trial, { printed, stored });
        const missing = record?.missing.map((path) => `${trial.metadata.name}: ${path} is missing`);
        accounts.push({ ...account, wrong: [...account.wrong, ...(missing ?? [])] });
      }
    }
    return accounts;
  }

  async #wrongFiles(store: Store): Promise<string[]> {
    const gone = this.#ended.filter(({ job }) => !job.keepsFiles);
    return (await Promise.all(gone.map(({ experiment }) => filesLeft(store, experiment)))).flat();
  }
}

/** What the controllers that answer take now. */
async function samplesOf({ client }: Kubernetes): Promise<MemorySample[]> {
  const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
  const selector = '?labelSelector=app.kubernetes.io/component=controller';
  const { items } = await client.list<Pod>(`${pods}${selector}`);
  const pages = items.map(async ({ metadata: { name = '' } }) => {
    const page = await client.request('GET', `${pods}/${name}:8080/proxy/metrics`);
    return page.status === 200 ? sampleOf(name, page.text, Date.now()) : undefined;
  });
  const settled = await Promise.allSettled(pages);
  return settled.flatMap((one) => (one.status === 'fulfilled' ? (one.value ?? []) : []));
}
