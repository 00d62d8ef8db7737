// biome-ignore-all lint/style/noExcessiveLinesPerFile: the whole port, in short methods that share one table of places
import {
  type Experiment,
  type ExperimentStatus,
  FINALIZER,
  isTerminalTrial,
  type TrainerProfile,
  type Trial,
  type TrialSpec,
  type TrialStatus,
} from '@espalier/api';
import type { PodView } from '../../domain/trial/pod-view.ts';
import type { Call, Cluster, ObjectChange, PodRequest, StatusWrite } from '../../ports/cluster.ts';
import { ConflictError } from '../../ports/errors.ts';
import type { ObjectKey } from '../../ports/key.ts';
import type { Clock } from '../../ports/telemetry.ts';
import type { Layout } from './layout.ts';
import { newTrial, openProfile } from './new-object.ts';
import type { ObjectStore } from './object-store.ts';
import type { PodStarter } from './pod-starter.ts';
import type { ProcessPods } from './process-pods.ts';
import { dropRunFolder, dropScratch } from './run-record.ts';

export interface LocalClusterOptions {
  readonly layout: Layout;
  readonly store: ObjectStore;
  readonly pods: ProcessPods;
  readonly starter: PodStarter;
  readonly clock: Clock;
  readonly onTrialGone: (trial: Trial) => void;
  /** An Experiment is gone, with everything that belonged to it. */
  readonly onExperimentGone: (experiment: Experiment) => void;
}

interface Place {
  readonly key: ObjectKey;
  readonly experiment: ObjectKey;
  readonly experimentUid: string;
}

/** The objects on disk and the child processes, as one cluster. */
export class LocalCluster implements Cluster {
  readonly #options: LocalClusterOptions;
  readonly #store: ObjectStore;
  readonly #listeners: ((change: ObjectChange) => void)[] = [];
  /** Where the Trial of a uid is; pods know nothing else of it. */
  readonly #places = new Map<string, Place>();

  constructor(options: LocalClusterOptions) {
    this.#options = options;
    this.#store = options.store;
    for (const experiment of this.#store.experiments()) {
      for (const trial of this.#store.trialsOf(experiment.metadata.uid)) {
        this.#place(experiment, trial);
      }
    }
  }

  experiment(key: ObjectKey): Experiment | undefined {
    return this.#store.experiment(key);
  }

  experiments(): readonly Experiment[] {
    return this.#store.experiments();
  }

  trialsOf(experimentUid: string): readonly Trial[] {
    return this.#store.trialsOf(experimentUid);
  }

  trial(key: ObjectKey): Trial | undefined {
    return this.#store.trial(key);
  }

  podsOf(trialUid: string): readonly PodView[] {
    return this.#options.pods.podsOf(trialUid);
  }

  profile(key: ObjectKey): TrainerProfile {
    return openProfile(key);
  }

  onChange(listener: (change: ObjectChange) => void): void {
    this.#listeners.push(listener);
    for (const experiment of this.experiments()) {
      listener(changeOf('Experiment', experiment.metadata, experiment.metadata.uid));
      for (const trial of this.trialsOf(experiment.metadata.uid)) {
        listener(changeOf('Trial', trial.metadata, experiment.metadata.uid));
      }
    }
  }

  /** Something about the pods of a Trial changed. */
  podChanged(trialUid: string): void {
    const place = this.#places.get(trialUid);
    if (place !== undefined) this.#tell(changeOf('Trial', place.key, place.experimentUid));
  }

  async isPodGone(trial: Trial, attempt: number): Promise<boolean> {
    // The table of processes is the source itself.
    return !this.#options.pods.has(trial.metadata.uid, attempt);
  }

  /** Not of the port: only a user creates Experiments, by `apply`. */
  async createExperiment(experiment: Experiment): Promise<Experiment> {
    const created = await this.#store.createExperiment(experiment);
    this.#tellExperiment(created);
    return created;
  }

  /** Not of the port: a user's change of the spec. */
  async editExperiment(
    key: ObjectKey,
    change: (current: Experiment) => Experiment,
  ): Promise<Experiment> {
    const edited = await this.#store.updateExperiment(key, 'record', change);
    this.#tellExperiment(edited);
    return edited;
  }

  async createTrial(experiment: Experiment, spec: TrialSpec): Promise<Trial> {
    this.#demandCurrent(experiment);
    const trial = newTrial(experiment, spec, this.#options.clock.now());
    const created = await this.#store.createTrial(experiment, trial);
    this.#place(experiment, created);
    this.#tell(changeOf('Trial', created.metadata, experiment.metadata.uid));
    return created;
  }

  async createPod(request: PodRequest, call: Call): Promise<void> {
    const { experiment, trial, attempt } = request;
    if (this.#options.pods.has(trial.metadata.uid, attempt)) return;
    this.#demandCurrent(experiment);
    // Its deletion may be past the look at the pods.
    if (this.#current(experiment)?.metadata.deletionTimestamp !== undefined) {
      throw new ConflictError(`the Experiment ${experiment.metadata.name} is being deleted`);
    }
    await this.#options.starter.start(request, call);
  }

  async deletePod(pod: PodView, options: { readonly force: boolean }): Promise<void> {
    this.#options.pods.end(pod.trialUid, pod.attempt, options);
  }

  /** Its log lies among its files. */
  async podLog(): Promise<undefined> {}

  async releasePod(pod: PodView): Promise<void> {
    this.#options.pods.release(pod.trialUid, pod.attempt);
    this.dropRun(pod.trialUid, pod.attempt);
  }

  /**
   * Not of the port: removes the scratch of an attempt that was counted. Its report stays until the
   * Trial has ended, and all of it while its pod is held, which a later runner has to see again.
   */
  dropRun(trialUid: string, attempt: number): void {
    if (this.#options.pods.has(trialUid, attempt)) return;
    const place = this.#places.get(trialUid);
    const trial = place && this.trial(place.key);
    const folder = this.#options.layout.runFolder(trialUid, attempt);
    if (trial === undefined || isTerminalTrial(trial.status?.phase)) dropRunFolder(folder);
    else dropScratch(folder);
  }

  async deleteTrial(trial: Trial): Promise<void> {
    const place = this.#places.get(trial.metadata.uid);
    if (place === undefined) return;
    await this.#store.removeTrial(place.experiment, trial);
    this.#places.delete(trial.metadata.uid);
    this.#options.onTrialGone(trial);
    // The feed may have forgotten the Trial while a pod was held; then nobody else comes by again.
    const counted = trial.status?.attempts.length ?? 0;
    for (let attempt = 0; attempt <= counted; attempt++) this.dropRun(trial.metadata.uid, attempt);
    this.#tell({ ...changeOf('Trial', place.key, place.experimentUid), gone: true });
  }

  async deleteExperiment(experiment: Experiment): Promise<void> {
    const deletionTimestamp = new Date(this.#options.clock.now()).toISOString();
    const current = this.#current(experiment);
    if (current === undefined) return;
    const marked =
      current.metadata.deletionTimestamp !== undefined
        ? current
        : await this.editExperiment(current.metadata, (now) => ({
            ...now,
            metadata: { ...now.metadata, deletionTimestamp },
          }));
    await this.#removeIfFree(marked);
  }

  async writeTrialStatus(trial: Trial, status: TrialStatus, write: StatusWrite): Promise<Trial> {
    const place = this.#places.get(trial.metadata.uid);
    const experiment = place === undefined ? undefined : this.experiment(place.experiment);
    if (place === undefined || experiment?.metadata.uid !== place.experimentUid) {
      throw new ConflictError(`the Experiment of ${trial.metadata.name} is gone`);
    }
    const written = await this.#store.updateTrial(experiment, trial.spec.index, write, (now) => {
      demandSameVersion(now, trial);
      return { ...now, status };
    });
    this.#tell(changeOf('Trial', written.metadata, place.experimentUid));
    return written;
  }

  async writeExperimentStatus(
    experiment: Experiment,
    status: ExperimentStatus,
    write: StatusWrite,
  ): Promise<Experiment> {
    this.#demandCurrent(experiment);
    const written = await this.#store.updateExperiment(experiment.metadata, write, (now) => {
      demandSameVersion(now, experiment);
      return { ...now, status };
    });
    this.#tellExperiment(written);
    return written;
  }

  async setFinalizer(experiment: Experiment, present: boolean): Promise<Experiment> {
    this.#demandCurrent(experiment);
    const written = await this.#store.updateExperiment(experiment.metadata, 'record', (now) => {
      const others = (now.metadata.finalizers ?? []).filter((name) => name !== FINALIZER);
      if ((now.metadata.finalizers ?? []).includes(FINALIZER) === present) return now;
      const finalizers = present ? [...others, FINALIZER] : others;
      return { ...now, metadata: { ...now.metadata, finalizers } };
    });
    this.#tellExperiment(written);
    await this.#removeIfFree(written);
    return written;
  }

  /** As the API server does: what is being deleted goes when its last finalizer goes. */
  async #removeIfFree(experiment: Experiment): Promise<void> {
    const { deletionTimestamp, finalizers = [], uid } = experiment.metadata;
    if (deletionTimestamp === undefined || finalizers.length > 0) return;
    for (const trial of this.trialsOf(uid)) {
      this.#places.delete(trial.metadata.uid);
      this.#options.onTrialGone(trial);
      this.#tell({ ...changeOf('Trial', trial.metadata, uid), gone: true });
    }
    await this.#store.removeExperiment(experiment.metadata);
    this.#options.onExperimentGone(experiment);
    this.#tell({ ...changeOf('Experiment', experiment.metadata, uid), gone: true });
  }

  #current(experiment: Experiment): Experiment | undefined {
    const current = this.experiment(experiment.metadata);
    return current?.metadata.uid === experiment.metadata.uid ? current : undefined;
  }

  #demandCurrent(experiment: Experiment): void {
    if (this.#current(experiment) === undefined) {
      throw new ConflictError(`the Experiment ${experiment.metadata.name} is gone`);
    }
  }

  #place(experiment: Experiment, trial: Trial): void {
    const { namespace, name, uid } = experiment.metadata;
    this.#places.set(trial.metadata.uid, {
      key: { namespace: trial.metadata.namespace, name: trial.metadata.name },
      experiment: { namespace, name },
      experimentUid: uid,
    });
  }

  #tellExperiment(experiment: Experiment): void {
    this.#tell(changeOf('Experiment', experiment.metadata, experiment.metadata.uid));
  }

  #tell(change: ObjectChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function changeOf(kind: 'Experiment' | 'Trial', key: ObjectKey, uid: string): ObjectChange {
  const { namespace, name } = key;
  return { kind, key: { namespace, name }, experimentUid: uid, gone: false };
}

function demandSameVersion(now: Experiment | Trial, seen: Experiment | Trial): void {
  if (now.metadata.resourceVersion === seen.metadata.resourceVersion) return;
  throw new ConflictError(`${now.kind} ${now.metadata.name} changed meanwhile`);
}
