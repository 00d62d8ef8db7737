import { type Experiment, isTerminalExperiment, type Trial } from '@espalier/api';
import { EspalierError } from '../../ports/errors.ts';
import { keyText, type ObjectKey } from '../../ports/key.ts';
import type { Clock, EventRecord } from '../../ports/telemetry.ts';
import { checkApplied, planApply } from './apply.ts';
import { withDesiredState } from './desired-state.ts';
import type { ApplyOutcome, LocalRunner, TrialView } from './engine.ts';
import type { EventLog } from './event-log.ts';
import type { Layout } from './layout.ts';
import type { LiveTrials } from './live-trials.ts';
import type { LocalCluster } from './local-cluster.ts';
import { logFileOf } from './log-files.ts';
import { ignoredFields, localMeaning, type MachineOptions } from './machine.ts';
import { newExperiment } from './new-object.ts';
import { pointFilesOf } from './point-files.ts';
import type { ProcessPods } from './process-pods.ts';
import { Throttle } from './throttle.ts';

export interface RunnerParts {
  readonly layout: Layout;
  readonly clock: Clock;
  readonly cluster: LocalCluster;
  readonly pods: ProcessPods;
  readonly events: EventLog;
  readonly live: LiveTrials;
  readonly machine: MachineOptions;
  /** Ends the reconcilers; resolves when their last write is done. */
  readonly stopReconciling: () => Promise<void>;
  /** Ends what is left of us, and lets the folder go; called once, when no trainer runs. */
  readonly release: () => Promise<void>;
}

/** How often `onChange` calls at most. */
const CHANGE_MS = 100;
/** How long a finished Experiment may take to delete the checkpoints that lost. */
const WIND_UP_MS = 10_000;

/** The holder of a folder, as the commands see it. */
export class Runner implements LocalRunner {
  readonly #parts: RunnerParts;
  readonly #changes = new Throttle(CHANGE_MS);
  /** Called after every change of an Experiment, until they say that they are done. */
  readonly #waiting = new Set<() => boolean>();
  #ending: Promise<void> | undefined;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    parts.cluster.onChange(() => {
      this.#changes.poke();
      for (const check of this.#waiting) if (check()) this.#waiting.delete(check);
    });
  }

  /** A report came in that a table shows, although no object changed. */
  reported(): void {
    this.#changes.poke();
  }

  async experiments(): Promise<readonly Experiment[]> {
    return this.#parts.cluster.experiments();
  }

  async experiment(key: ObjectKey): Promise<Experiment | undefined> {
    return this.#parts.cluster.experiment(key);
  }

  async trials(key: ObjectKey): Promise<readonly TrialView[]> {
    const { cluster, live } = this.#parts;
    const experiment = cluster.experiment(key);
    if (experiment === undefined) return [];
    return cluster.trialsOf(experiment.metadata.uid).map((trial) => live.view(experiment, trial));
  }

  async events(key: ObjectKey): Promise<readonly EventRecord[]> {
    return this.#parts.events.events(key);
  }

  async setDesiredState(key: ObjectKey, state: Experiment['spec']['desiredState']) {
    return this.#parts.cluster.editExperiment(key, (current) => withDesiredState(current, state));
  }

  async deleteExperiment(key: ObjectKey): Promise<void> {
    const { cluster } = this.#parts;
    const experiment = cluster.experiment(key);
    if (experiment === undefined) {
      throw new EspalierError('NotFound', `there is no Experiment ${keyText(key)}`);
    }
    const { uid } = experiment.metadata;
    const gone = this.#until(() => cluster.experiment(key)?.metadata.uid !== uid);
    await cluster.deleteExperiment(experiment);
    await gone;
  }

  async logFile(trial: Trial, attempt?: number): Promise<string | undefined> {
    return logFileOf(this.#parts.layout, trial, attempt);
  }

  async pointFiles(trial: Trial): Promise<readonly string[]> {
    return pointFilesOf(this.#parts.layout, trial);
  }

  async apply(asked: Experiment): Promise<ApplyOutcome> {
    const { cluster, layout, machine, clock } = this.#parts;
    const checked = checkApplied(asked);
    const plan = planApply(cluster.experiment(checked.metadata), checked);
    if (plan.outcome === 'finished') return 'finished';
    const meaning = localMeaning(layout, checked.spec, machine);
    if (meaning.kind === 'refused') {
      throw new EspalierError('InvalidSpec', meaning.problems.join('; '));
    }
    if (plan.outcome === 'created') {
      const created = await cluster.createExperiment(newExperiment(checked, clock.now()));
      this.#tellIgnored(created);
    } else if (plan.outcome === 'updated') {
      await cluster.editExperiment(checked.metadata, (now) => planned(now, checked));
    }
    return plan.outcome;
  }

  onChange(listener: () => void): void {
    this.#changes.onFire(listener);
  }

  async finished(
    key: ObjectKey,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Experiment> {
    const { cluster, clock } = this.#parts;
    signal.throwIfAborted();
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    const isOver = (): boolean => {
      const phase = cluster.experiment(key)?.status?.phase;
      return phase === undefined
        ? cluster.experiment(key) === undefined
        : isTerminalExperiment(phase);
    };
    await Promise.race([this.#until(isOver), aborted]);
    // Its winding up is not worth waiting for without end: the next runner goes on with it.
    const wait = new AbortController();
    const late = clock.sleep(WIND_UP_MS, { signal: wait.signal }).catch(() => undefined);
    await Promise.race([this.#until(() => !hasLoserCheckpoints(cluster, key)), late, aborted]);
    wait.abort();
    const experiment = cluster.experiment(key);
    if (experiment !== undefined) return experiment;
    throw new EspalierError('NotFound', `the Experiment ${keyText(key)} was deleted`);
  }

  async interrupt(): Promise<void> {
    await this.#end(() => this.#parts.pods.interrupt());
  }

  async kill(): Promise<void> {
    // A second Ctrl-C while trainers save: the first one's end goes on, only faster.
    const killed = this.#parts.pods.kill();
    await this.#end(() => killed);
  }

  async isDriven(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {
    await this.interrupt();
  }

  #end(endPods: () => Promise<void>): Promise<void> {
    this.#ending ??= (async () => {
      await this.#parts.stopReconciling();
      await endPods();
      await this.#parts.release();
      this.#changes.close();
    })();
    return this.#ending;
  }

  #until(isDone: () => boolean): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.add(() => {
        if (!isDone()) return false;
        resolve();
        return true;
      });
    });
  }

  #tellIgnored(experiment: Experiment): void {
    const { namespace, name, uid } = experiment.metadata;
    for (const message of ignoredFields(experiment)) {
      const event = { kind: 'Experiment', namespace, name, uid, type: 'Normal' } as const;
      this.#parts.events.emit({ ...event, reason: 'Ignored', message });
    }
  }
}

/** Whether checkpoints are there that are deleted once the best of all is known. */
function hasLoserCheckpoints(cluster: LocalCluster, key: ObjectKey): boolean {
  const experiment = cluster.experiment(key);
  const best = experiment?.status?.best;
  if (experiment?.spec.artifacts.keep !== 'best' || best === undefined) return false;
  return cluster.trialsOf(experiment.metadata.uid).some(({ metadata, status }) => {
    return metadata.name !== best.trial && status?.artifacts?.checkpoint !== undefined;
  });
}

/** The change, computed again on what is stored by then. */
function planned(now: Experiment, asked: Experiment): Experiment {
  const plan = planApply(now, asked);
  return plan.outcome === 'created' ? now : plan.next;
}
