import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../api-client.ts';
import { Container, type ProcessImage } from './container.ts';
import { mountVolumes, type OnVolume, secretVariables, type Volumes } from './pod-files.ts';
import { type ContainerSpec, isSidecar, type RunnablePod } from './pod-spec.ts';
import { finalPhase, type PodPhase, podStatus, type TimedCondition } from './pod-status.ts';
import { PodWriter } from './pod-writer.ts';

export interface PodHost {
  readonly client: ApiClient;
  readonly images: Readonly<Record<string, ProcessImage>>;
  readonly claims: Readonly<Record<string, string>>;
  readonly onVolume: OnVolume | undefined;
  /** Resolves while the node is in touch with the API server. */
  inTouch(): Promise<void>;
}

const DEFAULT_GRACE_SECONDS = 30;
const RESTART_PAUSE_MS = 500;
/** A kubelet takes whole seconds. */
const PROBE_MS = 50;
/** What the kubelet grants to a pod that was deleted by force. */
const LEAST_GRACE_MS = 2_000;

/** One pod on its way from bound to gone, as the kubelet takes it. */
export class ProcessPod {
  readonly containers: readonly Container[];
  readonly folder: string;
  /** Resolves when it has ended, was deleted, and the API server was told so. */
  readonly done: Promise<void>;
  readonly #init: readonly Container[];
  readonly #main: readonly Container[];
  readonly #host: PodHost;
  readonly #writer: PodWriter;
  readonly #startTime = new Date().toISOString();
  /** Somebody deleted it, or it is gone from the API server. */
  readonly #deletion = new AbortController();
  /** Nothing of it is to run any more. */
  readonly #kill = new AbortController();
  #pod: RunnablePod;
  #isGone = false;
  #conditions: readonly TimedCondition[] = [];
  #phase: PodPhase = 'Pending';
  #isInitialized = false;
  #areMainsOver = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(pod: RunnablePod, folder: string, host: PodHost) {
    this.#pod = pod;
    this.#host = host;
    this.folder = join(folder, pod.metadata.uid ?? '');
    mkdirSync(this.folder, { recursive: true });
    this.#writer = new PodWriter(host.client, pod.metadata, () => this.#isGone);
    const logs = `${folder}/${pod.metadata.name}-${pod.metadata.uid}`;
    const container = (spec: ContainerSpec) => {
      const place = { podFolder: this.folder, logFile: `${logs}-${spec.name}.log` };
      return new Container(spec, place, host.images[spec.image]);
    };
    this.#init = (pod.spec.initContainers ?? []).map(container);
    this.#main = pod.spec.containers.map(container);
    this.containers = [...this.#init, ...this.#main];
    this.#wait(this.#init.length === 0 ? 'ContainerCreating' : 'PodInitializing');
    if (pod.metadata.deletionTimestamp !== undefined) this.#delete();
    this.done = this.#run();
  }

  get name(): string {
    return this.#pod.metadata.name ?? '';
  }

  get namespace(): string {
    return this.#pod.metadata.namespace ?? '';
  }

  /** The API server has a newer version of it. */
  seen(pod: RunnablePod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp !== undefined) this.#delete();
  }

  /** The API server has it no more. */
  gone(): void {
    this.#isGone = true;
    this.#delete();
  }

  /** SIGKILL for everything, and no word to the API server. */
  abandon(): void {
    this.#isGone = true;
    this.#deletion.abort();
    this.#kill.abort();
    for (const container of this.containers) container.kill();
  }

  async #run(): Promise<void> {
    await this.#runContainers();
    await this.#endSidecars();
    if (this.#init.length === 0) this.#markUnknown();
    this.#phase = this.#init.some(isFailed) ? 'Failed' : finalPhase(this.#main);
    await this.#publish();
    await aborted(this.#deletion.signal);
    await this.#host.inTouch();
    await this.#writer.confirmDeletion();
  }

  async #runContainers(): Promise<void> {
    const { signal } = this.#deletion;
    let volumes: Volumes;
    try {
      void this.#publish();
      if (!this.containers.every((container) => this.#hasImage(container))) await aborted(signal);
      const { client, claims, onVolume } = this.#host;
      const options = { client, claims, onVolume, folder: this.folder, signal };
      volumes = await mountVolumes(this.#pod, options);
      for (const container of this.containers) {
        container.secrets = await secretVariables(this.namespace, container.spec, options);
      }
      if (!(await this.#initialize(volumes))) return;
    } catch (error) {
      if (!signal.aborted) throw error;
      return;
    }
    this.#phase = 'Running';
    const started = await Promise.all(this.#main.map((container) => container.start(volumes)));
    void this.#publish();
    if (signal.aborted) this.#askToEnd();
    await Promise.all(
      started.map(async ({ ended }) => {
        await ended;
        void this.#publish();
      }),
    );
  }

  /** Runs the init containers in order; true once the main containers may start. */
  async #initialize(volumes: Volumes): Promise<boolean> {
    for (const container of this.#init) {
      if (this.#deletion.signal.aborted) return false;
      if (isSidecar(container.spec)) {
        void this.#keepRunning(container, volumes);
        await this.#started(container);
        continue;
      }
      const { ended } = await container.start(volumes);
      void this.#publish();
      if (this.#deletion.signal.aborted) this.#askToEnd();
      await ended;
      if (container.exitCode !== 0) return false;
    }
    this.#isInitialized = true;
    return !this.#deletion.signal.aborted;
  }

  async #started(sidecar: Container): Promise<void> {
    while (!this.#deletion.signal.aborted && !(await sidecar.hasStarted())) await sleep(PROBE_MS);
  }

  /** A sidecar that ends before its time is started again. */
  async #keepRunning(container: Container, volumes: Volumes): Promise<void> {
    for (;;) {
      const { ended } = await container.start(volumes);
      void this.#publish();
      await ended;
      if (this.#areMainsOver || this.#deletion.signal.aborted) return;
      void this.#publish();
      await sleep(RESTART_PAUSE_MS);
      container.restarts += 1;
      if (this.#areMainsOver || this.#deletion.signal.aborted) return;
    }
  }

  /** SIGTERM to the sidecars, the last one first, once the main containers have ended. */
  async #endSidecars(): Promise<void> {
    this.#areMainsOver = true;
    const sidecars = this.#init.filter(({ spec }) => isSidecar(spec)).toReversed();
    if (!sidecars.some(({ isRunning }) => isRunning)) return;
    const timer = setTimeout(() => this.#kill.abort(), this.#graceMs());
    for (const sidecar of sidecars) {
      sidecar.signal('SIGTERM');
      while (sidecar.isRunning) {
        if (this.#kill.signal.aborted) sidecar.kill();
        await sleep(10);
      }
    }
    clearTimeout(timer);
  }

  #delete(): void {
    if (this.#deletion.signal.aborted) return;
    this.#deletion.abort();
    this.#askToEnd();
    setTimeout(() => {
      this.#kill.abort();
      for (const container of this.containers) container.kill();
    }, this.#graceMs()).unref();
  }

  /** SIGTERM to what the pod is there for; its sidecars go on until that has ended. */
  #askToEnd(): void {
    for (const container of this.containers) {
      if (!isSidecar(container.spec)) container.signal('SIGTERM');
    }
  }

  #graceMs(): number {
    const { metadata, spec } = this.#pod;
    const own = spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
    if (this.#isGone) return LEAST_GRACE_MS;
    return Math.max(LEAST_GRACE_MS, (metadata.deletionGracePeriodSeconds ?? own) * 1000);
  }

  #hasImage({ spec }: Container): boolean {
    return this.#host.images[spec.image] !== undefined || spec.command !== undefined;
  }

  #wait(reason: string): void {
    for (const container of this.containers) {
      const why = this.#hasImage(container) ? reason : 'ErrImageNeverPull';
      container.state = { waiting: { reason: why } };
    }
  }

  /** Without init containers a pod counts as initialised, and what is missing then as lost. */
  #markUnknown(): void {
    const at = new Date().toISOString();
    for (const container of this.#main) {
      if (container.state.waiting === undefined) continue;
      const terminated = { exitCode: 137, reason: 'ContainerStatusUnknown', finishedAt: at };
      container.state = { terminated };
    }
  }

  /** Writes the status as it is when the writes before it are done. */
  #publish(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      await this.#host.inTouch();
      const status = podStatus({
        phase: this.#phase,
        startTime: this.#startTime,
        init: this.#init,
        main: this.#main,
        isInitialized: this.#isInitialized,
        before: this.#conditions,
      });
      this.#conditions = status.conditions;
      await this.#writer.status(status);
    });
    return this.#writing;
  }
}

const isFailed = ({ spec, exitCode = 0 }: Container): boolean => !isSidecar(spec) && exitCode !== 0;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
