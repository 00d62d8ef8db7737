// biome-ignore-all lint/style/noExcessiveLinesPerFile: the whole port, with every fault that it can have
import {
  type Experiment,
  type ExperimentStatus,
  FINALIZER,
  isTerminalTrial,
  podName,
  type Trial,
  type TrialSpec,
  type TrialStatus,
  trialName,
} from '@espalier/api';
import { formatTime } from '../../domain/time.ts';
import type { PodEnd, PodView } from '../../domain/trial/pod-view.ts';
import type { Cluster, ObjectChange, PodRequest, StatusWrite } from '../../ports/cluster.ts';
import { ConflictError } from '../../ports/errors.ts';
import { keyText, type ObjectKey } from '../../ports/key.ts';
import type { Clock } from '../../ports/telemetry.ts';
import type { Writes } from './writes.ts';

type Kind = 'experiments' | 'trials' | 'pods';
const KINDS: readonly Kind[] = ['experiments', 'trials', 'pods'];
const noChanges = (): (() => void)[] => [];

/** What is on disk, or in etcd. */
export interface Truth {
  readonly experiments: Map<string, Experiment>;
  readonly trials: Map<string, Trial>;
  readonly pods: Map<string, PodView>;
  /** The objects without the views written since their last record, by kind and key. */
  readonly records: Map<string, Experiment | Trial>;
}

export function emptyTruth(): Truth {
  return { experiments: new Map(), trials: new Map(), pods: new Map(), records: new Map() };
}

/** The process that kept the views in memory is gone. */
export function loseViews(truth: Truth): void {
  for (const [key, object] of truth.records) {
    const name = key.slice(key.indexOf('/') + 1);
    if (object.kind === 'Trial') truth.trials.set(name, object);
    else truth.experiments.set(name, object);
  }
}

export interface FakeClusterOptions {
  readonly truth: Truth;
  readonly clock: Clock;
  readonly writes: Writes;
  /** Called with every pod that is created or asked to end. */
  readonly onPod: (pod: PodView, request: PodRequest | undefined) => void;
  /** Changes reach the caches only when `deliver` is called. */
  readonly isLagging?: boolean;
}

/**
 * A cluster in memory for unit tests. Views are lost with the process, records are not. Deleting an
 * object with our finalizer waits for it. It leaves out resource versions, admission, scheduling and
 * garbage collection beyond Trials without an Experiment: those are proven on a real API server.
 */
export class FakeCluster implements Cluster {
  private readonly options: FakeClusterOptions;
  private readonly truth: Truth;
  private readonly shown: Truth;
  private readonly listeners: ((change: ObjectChange) => void)[] = [];
  /** Changes on their way to the caches: in order for each kind, as watches are. */
  private readonly held = { experiments: noChanges(), trials: noChanges(), pods: noChanges() };

  constructor(options: FakeClusterOptions) {
    this.options = options;
    this.truth = options.truth;
    this.shown = {
      experiments: new Map(this.truth.experiments),
      trials: new Map(this.truth.trials),
      pods: new Map(this.truth.pods),
      records: new Map(),
    };
  }

  experiment(key: ObjectKey): Experiment | undefined {
    return this.shown.experiments.get(keyText(key));
  }

  experiments(): readonly Experiment[] {
    return [...this.shown.experiments.values()];
  }

  trialsOf(experimentUid: string): readonly Trial[] {
    return [...this.shown.trials.values()]
      .filter((trial) => ownerUid(trial) === experimentUid)
      .sort((a, b) => a.spec.index - b.spec.index);
  }

  trial(key: ObjectKey): Trial | undefined {
    return this.shown.trials.get(keyText(key));
  }

  podsOf(trialUid: string): readonly PodView[] {
    return [...this.shown.pods.values()]
      .filter((pod) => pod.trialUid === trialUid)
      .sort((a, b) => a.attempt - b.attempt);
  }

  profile(): undefined {
    return undefined;
  }

  onChange(listener: (change: ObjectChange) => void): void {
    this.listeners.push(listener);
    for (const experiment of this.shown.experiments.values()) listener(changeOf(experiment, false));
    for (const trial of this.shown.trials.values()) listener(changeOf(trial, false));
  }

  /** Lets the caches catch up with up to so many changes of a kind, or of all kinds. */
  deliver(count = Number.POSITIVE_INFINITY, kind?: Kind): void {
    const kinds = kind === undefined ? KINDS : [kind];
    for (const one of kinds) {
      for (let i = 0; i < count && this.held[one].length > 0; i++) this.held[one].shift()?.();
    }
  }

  createTrial(experiment: Experiment, spec: TrialSpec): Promise<Trial> {
    const { name, namespace, uid } = experiment.metadata;
    const key = `${namespace}/${trialName(name, spec.index)}`;
    return this.options.writes.run(`create-trial ${spec.index}`, () => {
      const known = this.truth.trials.get(key);
      if (known !== undefined) return known;
      const trial: Trial = {
        apiVersion: experiment.apiVersion,
        kind: 'Trial',
        metadata: {
          name: trialName(name, spec.index),
          namespace,
          uid: `${key}-uid`,
          resourceVersion: '',
          generation: 1,
          creationTimestamp: formatTime(this.options.clock.now()),
          ownerReferences: [
            { apiVersion: experiment.apiVersion, kind: 'Experiment', name, uid, controller: true },
          ],
        },
        spec,
      };
      this.put('trials', key, trial);
      return trial;
    });
  }

  createPod(request: PodRequest): Promise<void> {
    const { trial, attempt } = request;
    const name = podName(trial.metadata.name, attempt);
    return this.options.writes.run(`create-pod ${name}`, () => {
      // What the adapter's quorum read of the Trial is for (G1).
      const known = this.truth.trials.get(keyText(trial.metadata));
      if (known?.status !== trial.status) throw new ConflictError('the cache of trials is behind');
      if (this.truth.pods.has(`${trial.metadata.namespace}/${name}`)) return;
      const now = this.options.clock.now();
      const pod: PodView = {
        namespace: trial.metadata.namespace,
        name,
        uid: `${trial.metadata.namespace}/${name}-uid`,
        trialUid: trial.metadata.uid,
        attempt,
        createdMs: now,
        scheduledMs: now,
        startedMs: now,
        held: true,
      };
      this.putPod(pod);
      this.options.onPod(pod, request);
    });
  }

  deletePod(pod: PodView, { force }: { readonly force: boolean }): Promise<void> {
    return this.options.writes.run(`delete-pod ${pod.name}`, () => {
      const known = this.truth.pods.get(keyText(pod));
      if (known === undefined || known.end !== undefined) return;
      const deletingSinceMs = known.deletingSinceMs ?? this.options.clock.now();
      const asked = { ...known, deletingSinceMs };
      this.putPod(asked);
      if (force) this.removePod(keyText(pod));
      else if (known.deletingSinceMs === undefined) this.options.onPod(asked, undefined);
    });
  }

  releasePod(pod: PodView): Promise<void> {
    return this.options.writes.run(`release-pod ${pod.name}`, () => {
      const known = this.truth.pods.get(keyText(pod));
      if (known?.end === undefined) throw new Error(`${pod.name} is released before its end`);
      this.removePod(keyText(pod));
    });
  }

  async podLog(pod: PodView): Promise<Uint8Array | undefined> {
    return Buffer.from(`log of ${pod.name}`);
  }

  async isPodGone(trial: Trial, attempt: number): Promise<boolean> {
    const name = podName(trial.metadata.name, attempt);
    return !this.truth.pods.has(`${trial.metadata.namespace}/${name}`);
  }

  deleteTrial(trial: Trial): Promise<void> {
    return this.options.writes.run(`delete-trial ${trial.metadata.name}`, () => {
      this.drop('trials', keyText(trial.metadata));
    });
  }

  deleteExperiment(experiment: Experiment): Promise<void> {
    return this.options.writes.run('delete-experiment', () =>
      this.markDeleted(experiment.metadata),
    );
  }

  writeTrialStatus(trial: Trial, status: TrialStatus, write: StatusWrite): Promise<Trial> {
    const key = keyText(trial.metadata);
    return this.options.writes.run(`write-trial ${trial.metadata.name} ${write}`, () => {
      const known = this.truth.trials.get(key);
      if (known === undefined) throw new ConflictError('the trial is gone');
      // As the CRD's rule does (G4).
      if (isTerminalTrial(known.status?.phase) && known.status?.phase !== status.phase) {
        throw new ConflictError(`${key} is ${known.status?.phase} for good`);
      }
      if (this.options.isLagging && known.status !== trial.status) throw new ConflictError(key);
      const after = { ...known, status };
      this.put('trials', key, after, write === 'record');
      return after;
    });
  }

  writeExperimentStatus(
    experiment: Experiment,
    status: ExperimentStatus,
    write: StatusWrite,
  ): Promise<Experiment> {
    const key = keyText(experiment.metadata);
    return this.options.writes.run(`write-experiment ${status.phase} ${write}`, () => {
      const known = this.truth.experiments.get(key);
      if (known === undefined) throw new ConflictError('the experiment is gone');
      const after = { ...known, status };
      this.put('experiments', key, after, write === 'record');
      return after;
    });
  }

  setFinalizer(experiment: Experiment, present: boolean): Promise<Experiment> {
    return this.options.writes.run(`finalizer ${present}`, () => {
      const after = this.edit(experiment.metadata, (known) => ({
        ...known,
        metadata: { ...known.metadata, finalizers: present ? [FINALIZER] : [] },
      }));
      if (!present && after.metadata.deletionTimestamp !== undefined) {
        this.drop('experiments', keyText(after.metadata));
      }
      return after;
    });
  }

  // What people and platforms do.

  apply(experiment: Experiment): void {
    this.put('experiments', keyText(experiment.metadata), experiment);
  }

  edit(key: ObjectKey, change: (experiment: Experiment) => Experiment): Experiment {
    const known = this.truth.experiments.get(keyText(key));
    if (known === undefined) throw new Error(`no experiment ${keyText(key)}`);
    const after = change(known);
    this.put('experiments', keyText(key), after);
    return after;
  }

  editSpec(
    key: ObjectKey,
    change: (spec: Experiment['spec']) => Partial<Experiment['spec']>,
  ): void {
    this.edit(key, (known) => ({
      ...known,
      metadata: { ...known.metadata, generation: known.metadata.generation + 1 },
      spec: { ...known.spec, ...change(known.spec) },
    }));
  }

  markDeleted(key: ObjectKey): void {
    const known = this.truth.experiments.get(keyText(key));
    if (known === undefined || known.metadata.deletionTimestamp !== undefined) return;
    const { metadata } = known;
    const deletionTimestamp = formatTime(this.options.clock.now());
    if ((metadata.finalizers ?? []).length === 0) this.drop('experiments', keyText(key));
    else this.edit(key, (old) => ({ ...old, metadata: { ...metadata, deletionTimestamp } }));
  }

  endPod(key: string, end: Partial<PodEnd>): PodView | undefined {
    const known = this.truth.pods.get(key);
    if (known === undefined || known.end !== undefined) return undefined;
    const base = { oomKilled: false, disrupted: false, interrupted: false };
    const after = { ...known, end: { ...base, atMs: this.options.clock.now(), ...end } };
    this.putPod(after);
    return after;
  }

  /** As a force-deletion, or a node that is removed. */
  removePod(key: string): void {
    const known = this.truth.pods.get(key);
    if (known !== undefined) this.drop('pods', key, known);
  }

  private putPod(pod: PodView): void {
    this.truth.pods.set(keyText(pod), pod);
    this.show('pods', () => {
      this.shown.pods.set(keyText(pod), pod);
      this.tellTrial(pod.trialUid);
    });
  }

  private put(
    kind: 'experiments' | 'trials',
    key: string,
    object: Experiment | Trial,
    isDurable = true,
  ): void {
    (this.truth[kind] as Map<string, unknown>).set(key, object);
    if (isDurable) this.truth.records.set(`${kind}/${key}`, object);
    this.show(kind, () => {
      (this.shown[kind] as Map<string, unknown>).set(key, object);
      this.tell(changeOf(object, false));
    });
  }

  private drop(kind: Kind, key: string, pod?: PodView): void {
    const known = (this.truth[kind] as Map<string, Experiment | Trial>).get(key);
    this.truth[kind].delete(key);
    this.truth.records.delete(`${kind}/${key}`);
    this.show(kind, () => {
      this.shown[kind].delete(key);
      if (pod !== undefined) this.tellTrial(pod.trialUid);
      else if (known !== undefined) this.tell(changeOf(known, true));
    });
  }

  private show(kind: Kind, change: () => void): void {
    if (this.options.isLagging) this.held[kind].push(change);
    else change();
  }

  private tellTrial(uid: string): void {
    const trial = [...this.shown.trials.values()].find(({ metadata }) => metadata.uid === uid);
    if (trial !== undefined) this.tell(changeOf(trial, false));
  }

  private tell(change: ObjectChange): void {
    for (const listener of this.listeners) listener(change);
  }
}

function ownerUid({ metadata }: Trial): string {
  return metadata.ownerReferences?.[0]?.uid ?? '';
}

function changeOf(object: Experiment | Trial, gone: boolean): ObjectChange {
  const { namespace, name, uid } = object.metadata;
  const kind = object.kind;
  const experimentUid = object.kind === 'Trial' ? ownerUid(object) : uid;
  return { kind, key: { namespace, name }, experimentUid, gone };
}
