// biome-ignore-all lint/style/noExcessiveLinesPerFile: all that tests may do to their world
import { type Experiment, isTerminalExperiment, type Trial } from '@espalier/api';
import type { PodEnd, PodView } from '../../domain/trial/pod-view.ts';
import { keyText } from '../../ports/key.ts';
import type { ObjectEvent } from '../../ports/telemetry.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { QUIET_TELEMETRY, recordingLog } from '../../runtime/testing/quiet.ts';
import type { Controllers } from '../ports.ts';
import { IN_PROCESS_SEARCHER } from '../searcher.ts';
import { startControllers } from '../start.ts';
import { emptyStore, FakeArtifacts } from './fake-artifacts.ts';
import { emptyTruth, FakeCluster, loseViews } from './fake-cluster.ts';
import { FakeFeed } from './fake-feed.ts';
import { Writes } from './writes.ts';

/** What one attempt does: a value per epoch, then its end. */
export interface Behaviour {
  /** Objective after epoch 1, 2, ...; a resumed attempt goes on after the epochs done. */
  readonly values: readonly number[];
  /** Other metrics, with the same value after every epoch. */
  readonly others?: Readonly<Record<string, number>>;
  readonly epochMs?: number;
  readonly end?: Partial<PodEnd>;
  /** Runs on through SIGTERM until it is killed. */
  readonly ignoresSigterm?: boolean;
  /** Never ends by itself. */
  readonly hangs?: boolean;
}

export type Trainer = (trial: Trial, attempt: number) => Behaviour;

interface Running {
  readonly pod: PodView;
  readonly behaviour: Behaviour;
  epoch: number;
  nextMs: number;
  killMs: number | undefined;
}

export interface WorldOptions {
  readonly trainer: Trainer;
  /** Whether a restart is that of a local runner: its pods die and views are lost. */
  readonly isLocal?: boolean;
  readonly isLagging?: boolean;
}

/** Controllers, trainers and people around one fake cluster and one fake clock. */
export class World {
  readonly clock = new FakeClock();
  readonly truth = emptyTruth();
  readonly stored = emptyStore();
  readonly writes = new Writes();
  readonly events: ObjectEvent[] = [];
  readonly log = recordingLog();
  feed = new FakeFeed(this.clock);
  cluster: FakeCluster;
  /** Most pods that ran at once, and pods that ran although another attempt of the Trial did. */
  peak = 0;
  overlaps = 0;
  restarts = 0;
  /** Pods started although the limit of that moment was reached. */
  excess = 0;
  /** Whether caches catch up by themselves. */
  isDelivering = true;
  /** Starts of each pod name that came to a process. */
  readonly starts = new Map<string, number>();
  private readonly options: WorldOptions;
  private readonly running = new Map<string, Running>();
  private controllers: { done: Promise<void>; abort: AbortController } | undefined;
  private isDead = false;

  constructor(options: WorldOptions) {
    this.options = options;
    this.cluster = this.newCluster();
    this.writes.onCrash = () => {
      this.isDead = true;
      this.controllers?.abort.abort();
    };
  }

  start(): void {
    const abort = new AbortController();
    const started: Controllers = startControllers(
      {
        cluster: this.cluster,
        feed: this.feed,
        artifacts: new FakeArtifacts(this.stored, this.writes),
        events: { emit: (event) => void this.events.push(event) },
        clock: this.clock,
        telemetry: QUIET_TELEMETRY,
        log: this.log,
      },
      {
        signal: abort.signal,
        workers: 2,
        viewIntervalMs: 200,
        // A thread would take real time, of which the clock here knows nothing.
        searcher: IN_PROCESS_SEARCHER,
      },
    );
    this.controllers = { done: started.done, abort };
  }

  /** Ends the controllers as a program does that was asked to. */
  async stop(): Promise<void> {
    this.controllers?.abort.abort();
    await this.controllers?.done;
  }

  /** The process dies and another one begins with nothing but the truth. */
  async restart(): Promise<void> {
    this.restarts += 1;
    await this.stop();
    this.writes.revive();
    this.isDead = false;
    if (this.options.isLocal === true) {
      for (const name of [...this.running.keys()])
        this.end(name, { interrupted: true, exitCode: 137 });
      loseViews(this.truth);
    }
    this.feed = this.feed.restarted();
    this.cluster = this.newCluster();
    this.start();
  }

  /** Lets time pass until the Experiment is over (or gone); restarts the controllers if they die. */
  async finish(name = 'a', limitMs = 48 * 3_600_000): Promise<Experiment> {
    const deadline = this.clock.now() + limitMs;
    while (this.clock.now() < deadline) {
      await this.quiesce();
      if (this.isDead) await this.restart();
      const experiment = this.truth.experiments.get(`team/${name}`);
      if (experiment === undefined) throw new Error('the experiment is gone');
      if (isTerminalExperiment(experiment.status?.phase)) return experiment;
      await this.step();
    }
    throw new Error(`not over: ${JSON.stringify(this.experiment(name)?.status, null, 1)}`);
  }

  /** Moves to the next moment at which anything happens. */
  async step(maxMs = 3_600_000): Promise<void> {
    await this.quiesce();
    const times = [...this.running.values()].map(({ nextMs, killMs }) =>
      Math.min(nextMs, killMs ?? Number.POSITIVE_INFINITY),
    );
    const next = Math.min(...times, this.clock.nextMs ?? Number.POSITIVE_INFINITY);
    const ms = Math.min(Math.max(0, next - this.clock.now()), maxMs);
    await this.clock.advance(ms);
    this.train();
    await this.quiesce();
  }

  /** Lets promises and lagging caches run dry. */
  async quiesce(): Promise<void> {
    for (let i = 0; i < 12; i++) {
      await settle();
      if (this.isDelivering) this.cluster.deliver();
    }
  }

  experiment(name = 'a'): Experiment | undefined {
    return this.truth.experiments.get(`team/${name}`);
  }

  trials(): Trial[] {
    return [...this.truth.trials.values()].sort((a, b) => a.spec.index - b.spec.index);
  }

  /** Ends a pod's process from outside; pods are named `namespace/name`. */
  end(name: string, end: Partial<PodEnd>): void {
    const running = this.running.get(name);
    if (running === undefined) return;
    this.running.delete(name);
    this.cluster.endPod(name, end);
    this.feed.end(running.pod.trialUid, running.pod.attempt);
    const trial = name.slice(0, name.lastIndexOf('-'));
    if (end.exitCode === 0 || end.exitCode === 10) {
      this.stored.whole.add(`${trial}/a${running.pod.attempt}`);
    }
  }

  runningPods(): string[] {
    return [...this.running.keys()].sort();
  }

  private train(): void {
    const now = this.clock.now();
    for (const [name, running] of [...this.running]) {
      if (running.killMs !== undefined && running.killMs <= now) {
        this.end(name, { exitCode: running.behaviour.ignoresSigterm === true ? 137 : 10 });
      } else if (running.nextMs <= now) {
        this.work(name, running);
      }
    }
  }

  private work(name: string, running: Running): void {
    const { behaviour, pod } = running;
    const value = behaviour.values[running.epoch];
    if (value === undefined) {
      if (behaviour.hangs === true) running.nextMs = Number.POSITIVE_INFINITY;
      else this.end(name, { exitCode: 0, ...behaviour.end });
      return;
    }
    const seq = running.epoch;
    running.epoch += 1;
    running.nextMs += behaviour.epochMs ?? 1000;
    const time = this.clock.now();
    const point = {
      seq,
      step: running.epoch * 10,
      epoch: running.epoch,
      values: { acc: value, ...behaviour.others },
      time,
    };
    this.feed.report(pod.trialUid, pod.attempt, { kind: 'points', points: [point] });
  }

  private newCluster(): FakeCluster {
    return new FakeCluster({
      truth: this.truth,
      clock: this.clock,
      writes: this.writes,
      isLagging: this.options.isLagging === true,
      onPod: (pod, request) => {
        if (request === undefined) this.terminate(pod);
        else this.launch(pod, request.trial);
      },
    });
  }

  private launch(pod: PodView, trial: Trial): void {
    const behaviour = this.options.trainer(trial, pod.attempt);
    const others = [...this.running.values()].filter((one) => one.pod.trialUid === pod.trialUid);
    this.overlaps += others.length;
    // A resumed attempt goes on where the checkpoint of the one before was taken: at whole epochs.
    const done = this.feed.view(pod.trialUid)?.lastEpoch ?? 0;
    const from = Math.max(trial.spec.parent?.epoch ?? 0, pod.attempt === 0 ? 0 : done);
    const epoch = Math.min(from, behaviour.values.length);
    const nextMs = this.clock.now() + (behaviour.epochMs ?? 1000);
    this.running.set(keyText(pod), { pod, behaviour, epoch, nextMs, killMs: undefined });
    this.starts.set(keyText(pod), (this.starts.get(keyText(pod)) ?? 0) + 1);
    this.peak = Math.max(this.peak, this.running.size);
    // Whoever has not seen an edit yet keeps to what it knows.
    const known = [this.experiment(), this.cluster.experiment({ namespace: 'team', name: 'a' })];
    const limit = Math.max(...known.map((one) => one?.spec.trials.parallel ?? 0));
    if (this.running.size > limit) this.excess += 1;
    this.feed.begin(pod.trialUid, pod.attempt);
    const resumedStep = epoch * 10;
    const time = this.clock.now();
    this.feed.report(pod.trialUid, pod.attempt, {
      kind: 'started',
      time,
      firstSeq: epoch,
      resumedStep,
    });
  }

  private terminate(pod: PodView): void {
    const running = this.running.get(keyText(pod));
    if (running === undefined) return;
    running.killMs = this.clock.now() + (running.behaviour.ignoresSigterm === true ? 120_000 : 50);
  }
}
