import type { ChildProcess } from 'node:child_process';
import { constants as os } from 'node:os';
import { join } from 'node:path';
import { ARTIFACT } from '@espalier/api';
import type { PodEnd, PodView } from '../../domain/trial/pod-view.ts';
import { WaitError } from '../../ports/errors.ts';
import type { Clock } from '../../ports/telemetry.ts';
import { keepLogEnd } from './bounded-log.ts';
import { failpoint } from './failpoint.ts';
import { launch } from './launcher.ts';
import { LogWatch } from './log-watch.ts';
import { oomKills } from './oom.ts';
import { type Pod, type PodIdentity, viewOfPod } from './pod-record.ts';
import { isGroupAlive, signalGroup } from './processes.ts';
import {
  dropRunFolder,
  makeRunFolder,
  markRun,
  RUN_FILE,
  readTerminationMessage,
} from './run-record.ts';
import type { TrainerCommand } from './trainer-command.ts';

export interface ProcessPodsOptions {
  readonly clock: Clock;
  /** A pod appeared, ended or was asked to end; called after `podsOf` shows it. */
  readonly onChange: (trialUid: string) => void;
  /** No process of that attempt runs any more. */
  readonly onEnd: (trialUid: string, attempt: number) => void;
}

/** How often a group is looked at that was sent SIGKILL. */
const GONE_CHECK_MS = 20;

/**
 * Child processes as pods: each is a process group, which ends as a whole. A pod's end shows only
 * when no process of its group runs any more, as no pod is terminal while a container runs.
 */
export class ProcessPods {
  readonly #options: ProcessPodsOptions;
  readonly #pods = new Map<string, Map<number, Pod>>();
  readonly #live = new Set<Pod>();
  readonly #logs = new LogWatch();
  #closing = false;

  constructor(options: ProcessPodsOptions) {
    this.#options = options;
  }

  podsOf(trialUid: string): readonly PodView[] {
    const pods = [...(this.#pods.get(trialUid)?.values() ?? [])];
    return pods.sort((a, b) => a.attempt - b.attempt).map(viewOfPod);
  }

  has(trialUid: string, attempt: number): boolean {
    return this.#find(trialUid, attempt) !== undefined;
  }

  /** The process of a pod that runs now. */
  processOf(trialUid: string): { pid: number; attempt: number; startedMs: number } | undefined {
    for (const { end, pid, attempt, startedMs } of this.#pods.get(trialUid)?.values() ?? []) {
      if (end === undefined && pid !== undefined && startedMs !== undefined) {
        return { pid, attempt, startedMs };
      }
    }
    return undefined;
  }

  /**
   * Starts the process. `prepare` fills the folders between "this attempt has begun" and its start.
   * The pod shows from the first moment, so that a deletion which comes meanwhile waits for it; ended
   * before it runs, it vanishes without a trace.
   *
   * @throws EspalierError Storage; the attempt has then not begun, and trying again is safe.
   * @throws WaitError if it was not to start any more.
   */
  async start(
    identity: PodIdentity,
    command: TrainerCommand,
    env: Readonly<Record<string, string>>,
    prepare: () => Promise<void>,
  ): Promise<void> {
    const { clock } = this.#options;
    const pod: Pod = { ...identity, createdMs: clock.now(), oomKillsBefore: 0, killed: false };
    this.#add(pod);
    try {
      makeRunFolder(identity.runFolder);
      await prepare();
      if (this.#closing || pod.deletingSinceMs !== undefined) {
        throw new WaitError('nothing starts any more', GONE_CHECK_MS);
      }
      pod.oomKillsBefore = oomKills();
      const child = await launch({ command, env, runFolder: identity.runFolder });
      this.#started(pod, child);
    } catch (error) {
      // It did not begin; a folder that says so would be taken for an interrupted attempt.
      dropRunFolder(identity.runFolder);
      this.#remove(pod);
      throw error;
    } finally {
      this.#options.onChange(pod.trialUid);
    }
  }

  /** A pod that can never start as asked for, such as one whose program is missing. */
  addUnstartable(identity: PodIdentity, waitingReason: string): void {
    const createdMs = this.#options.clock.now();
    this.#put({ ...identity, createdMs, waitingReason, oomKillsBefore: 0, killed: false });
  }

  /** An attempt that began under an earlier runner and has ended. */
  addEnded(
    identity: PodIdentity,
    past: { readonly createdMs: number; readonly deletingSinceMs?: number; readonly end: PodEnd },
  ): void {
    const pod = { ...identity, ...past, startedMs: past.createdMs };
    this.#put({ ...pod, oomKillsBefore: 0, killed: false });
    this.#options.onEnd(identity.trialUid, identity.attempt);
  }

  /** Ends the pod, gracefully unless `force`; a pod that is gone or has ended is done. */
  end(trialUid: string, attempt: number, options: { readonly force: boolean }): void {
    const pod = this.#find(trialUid, attempt);
    if (pod === undefined || pod.end !== undefined) return;
    if (pod.pid === undefined && pod.waitingReason === undefined) {
      // `start` is still preparing it, and looks at this before it goes on.
      pod.deletingSinceMs ??= this.#options.clock.now();
    } else if (pod.pid === undefined) {
      pod.end = {
        atMs: this.#options.clock.now(),
        oomKilled: false,
        disrupted: false,
        interrupted: false,
      };
      this.#options.onEnd(trialUid, attempt);
    } else if (pod.deletingSinceMs === undefined) {
      pod.deletingSinceMs = this.#options.clock.now();
      markRun(pod.runFolder, 'deleting', pod.deletingSinceMs);
      failpoint('deleting');
      this.#terminate(pod);
    }
    if (options.force) this.#kill(pod);
    this.#options.onChange(trialUid);
  }

  /** The end is recorded: the pod vanishes. */
  release(trialUid: string, attempt: number): void {
    const pod = this.#find(trialUid, attempt);
    if (pod?.end === undefined) return;
    this.#remove(pod);
    failpoint('released');
    this.#options.onChange(trialUid);
  }

  /** SIGTERM for everything that runs; from now on nothing starts. Resolves when all have ended. */
  async interrupt(): Promise<void> {
    this.#closing = true;
    for (const pod of this.#live) {
      markRun(pod.runFolder, 'interrupted', this.#options.clock.now());
      this.#terminate(pod);
    }
    await this.#allEnded();
  }

  /** SIGKILL for everything that runs; from now on nothing starts. Resolves when all have ended. */
  async kill(): Promise<void> {
    this.#closing = true;
    for (const pod of this.#live) {
      markRun(pod.runFolder, 'interrupted', this.#options.clock.now());
      this.#kill(pod);
    }
    await this.#allEnded();
  }

  #started(pod: Pod, child: ChildProcess & { readonly pid: number }): void {
    pod.pid = child.pid;
    pod.startedMs = this.#options.clock.now();
    this.#live.add(pod);
    child.once('exit', (code, signal) => {
      failpoint('exit-seen');
      void this.#leaderExited(pod, code ?? 128 + (signal === null ? 0 : os.signals[signal]));
    });
    this.#logs.add(join(pod.runFolder, RUN_FILE.log));
    // An interrupt may have come since the last look.
    if (this.#closing || pod.deletingSinceMs !== undefined) this.#terminate(pod);
  }

  #put(pod: Pod): void {
    this.#add(pod);
    this.#options.onChange(pod.trialUid);
  }

  #add(pod: Pod): void {
    const pods = this.#pods.get(pod.trialUid) ?? new Map<number, Pod>();
    this.#pods.set(pod.trialUid, pods.set(pod.attempt, pod));
  }

  #remove(pod: Pod): void {
    const pods = this.#pods.get(pod.trialUid);
    pods?.delete(pod.attempt);
    if (pods?.size === 0) this.#pods.delete(pod.trialUid);
  }

  #find(trialUid: string, attempt: number): Pod | undefined {
    return this.#pods.get(trialUid)?.get(attempt);
  }

  #terminate(pod: Pod): void {
    if (pod.pid === undefined || pod.grace !== undefined) return;
    signalGroup(pod.pid, 'SIGTERM');
    // A stopped process (SIGSTOP) acts on SIGTERM only when it goes on.
    signalGroup(pod.pid, 'SIGCONT');
    pod.grace = setTimeout(() => this.#kill(pod), pod.graceMs);
  }

  #kill(pod: Pod): void {
    if (pod.pid === undefined || pod.end !== undefined) return;
    pod.killed = true;
    signalGroup(pod.pid, 'SIGKILL');
  }

  async #leaderExited(pod: Pod, exitCode: number): Promise<void> {
    const group = pod.pid ?? 0;
    // As in a container: when the first process ends, the others do not go on.
    while (isGroupAlive(group)) {
      signalGroup(group, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, GONE_CHECK_MS));
    }
    clearTimeout(pod.grace);
    this.#live.delete(pod);
    const log = join(pod.runFolder, RUN_FILE.log);
    this.#logs.remove(log);
    // Before the end shows, so that a crash cannot come between a counted end and its log.
    await keepLogEnd(log, join(pod.outFolder, ARTIFACT.log));
    const message = readTerminationMessage(pod.runFolder);
    pod.end = {
      atMs: this.#options.clock.now(),
      exitCode,
      oomKilled: exitCode === 137 && !pod.killed && oomKills() > pod.oomKillsBefore,
      disrupted: false,
      interrupted: this.#closing,
      ...(message === undefined ? {} : { message }),
    };
    this.#options.onEnd(pod.trialUid, pod.attempt);
    this.#options.onChange(pod.trialUid);
  }

  async #allEnded(): Promise<void> {
    while (this.#live.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, GONE_CHECK_MS));
    }
  }
}
