import {
  API_VERSION,
  type Experiment,
  type ExperimentStatus,
  FINALIZER,
  LABEL,
  type TrainerProfile,
  type Trial,
  type TrialSpec,
  type TrialStatus,
  trialName,
} from '@espalier/api';
import type { PodDefaults } from '../../domain/trial/pod-template.ts';
import type { PodView } from '../../domain/trial/pod-view.ts';
import type { Call, Cluster, ObjectChange, PodRequest, StatusWrite } from '../../ports/cluster.ts';
import { ConflictError, TerminalError, WaitError } from '../../ports/errors.ts';
import type { ObjectKey } from '../../ports/key.ts';
import type { Clock } from '../../ports/telemetry.ts';
import { isAlreadyExists, isConflict, isInvalid, isNotFound } from './api-error.ts';
import type { Caches, KeptPod } from './caches.ts';
import { ObjectClient, type PatchOperation } from './object-client.ts';
import { readPodLog } from './pod-log.ts';
import { PodWrites } from './pod-writes.ts';
import { controllerOf } from './raw-object.ts';
import { portError } from './refusal.ts';
import { EXPERIMENTS, type Resource, TRIALS } from './resources.ts';
import { writeStatus } from './status-writes.ts';
import type { Store } from './store.ts';
import type { Transport } from './transport.ts';

const FOREIGN_TRIAL_MS = 2_000;

export interface KubernetesClusterOptions {
  readonly transport: Transport;
  readonly caches: Caches;
  readonly clock: Clock;
  readonly defaults: PodDefaults;
}

/**
 * The objects and pods of an API server. Reads come from the caches; the answer to each write is in
 * them before its promise resolves.
 */
export class KubernetesCluster implements Cluster {
  readonly #caches: Caches;
  readonly #client: ObjectClient;
  readonly #pods: PodWrites;
  readonly #transport: Transport;
  /** The views of the last array of kept pods, so that the same pods give the same array. */
  readonly #views = new WeakMap<readonly KeptPod[], readonly PodView[]>();

  constructor({ transport, caches, clock, defaults }: KubernetesClusterOptions) {
    this.#caches = caches;
    this.#transport = transport;
    this.#client = new ObjectClient(transport);
    this.#pods = new PodWrites({ caches, client: this.#client, clock, defaults });
  }

  experiment(key: ObjectKey): Experiment | undefined {
    return this.#caches.experiments.get(key);
  }

  experiments(): readonly Experiment[] {
    return this.#caches.experiments.all();
  }

  trialsOf(experimentUid: string): readonly Trial[] {
    return this.#caches.trials.childrenOf(experimentUid);
  }

  trial(key: ObjectKey): Trial | undefined {
    const trial = this.#caches.trials.get(key);
    const owner = trial?.metadata.ownerReferences?.find(({ controller }) => controller);
    // An Experiment that cannot be read is left alone with all its Trials, and is not gone (G12).
    const isLeftAlone =
      owner !== undefined &&
      this.#caches.experiments.isDamaged({ namespace: key.namespace, name: owner.name });
    return isLeftAlone ? undefined : trial;
  }

  podsOf(trialUid: string): readonly PodView[] {
    const kept = this.#caches.pods.childrenOf(trialUid);
    let views = this.#views.get(kept);
    if (views === undefined) {
      views = kept.map(({ view }) => view);
      this.#views.set(kept, views);
    }
    return views;
  }

  profile(key: ObjectKey): TrainerProfile | undefined {
    return this.#caches.profiles.get(key);
  }

  onChange(listener: (change: ObjectChange) => void): void {
    this.#caches.onChange(listener);
  }

  async createTrial(experiment: Experiment, spec: TrialSpec, call: Call): Promise<Trial> {
    const { namespace, name: experimentName } = experiment.metadata;
    const name = trialName(experimentName, spec.index);
    const { trials } = this.#caches;
    try {
      const body = trialOf(experiment, name, spec);
      const answer = await this.#client.create(TRIALS, namespace, body, call);
      const made = trials.put(answer);
      if (made === undefined) throw new TerminalError(`trial ${name} came back damaged`);
      if (trials.isGone(answer)) throw new ConflictError(`trial ${name} went at once`);
      return made;
    } catch (error) {
      if (!isAlreadyExists(error)) throw portError(`create trial ${name}`, error);
    }
    const key = { namespace, name };
    const there = await this.#client.get(TRIALS, key, call);
    if (there === undefined) throw new ConflictError(`trial ${name} went as it was looked at`);
    // An older Experiment of the same name had it; the garbage collector is at it.
    if (controllerOf(there.metadata)?.uid !== experiment.metadata.uid) {
      throw new WaitError(`trial ${name} belongs to somebody else`, FOREIGN_TRIAL_MS, {
        reason: 'NameTaken',
      });
    }
    const trial = trials.put(there);
    if (trial === undefined) throw new TerminalError(`trial ${name} is damaged; delete it`);
    return trial;
  }

  createPod(request: PodRequest, call: Call): Promise<void> {
    return this.#pods.create(request, call);
  }

  deletePod(pod: PodView, options: { readonly force: boolean }, call: Call): Promise<void> {
    return this.#pods.delete(pod, options.force, call);
  }

  releasePod(pod: PodView, call: Call): Promise<void> {
    return this.#pods.release(pod, call);
  }

  podLog(pod: PodView, call: Call): Promise<Uint8Array | undefined> {
    return readPodLog(this.#transport, pod, call);
  }

  isPodGone(trial: Trial, attempt: number, call: Call): Promise<boolean> {
    return this.#pods.isGone(trial, attempt, call);
  }

  async deleteTrial(trial: Trial, call: Call): Promise<void> {
    // Pods that were kept for their logs: the garbage collector would come to them later.
    for (const pod of this.podsOf(trial.metadata.uid)) await this.#pods.delete(pod, false, call);
    return this.#delete(TRIALS, this.#caches.trials, trial, call);
  }

  deleteExperiment(experiment: Experiment, call: Call): Promise<void> {
    return this.#delete(EXPERIMENTS, this.#caches.experiments, experiment, call);
  }

  writeTrialStatus(
    trial: Trial,
    status: TrialStatus,
    _write: StatusWrite,
    call: Call,
  ): Promise<Trial> {
    const to = { client: this.#client, resource: TRIALS, store: this.#caches.trials };
    return writeStatus(to, trial, status, call);
  }

  writeExperimentStatus(
    experiment: Experiment,
    status: ExperimentStatus,
    _write: StatusWrite,
    call: Call,
  ): Promise<Experiment> {
    const to = { client: this.#client, resource: EXPERIMENTS, store: this.#caches.experiments };
    return writeStatus(to, experiment, status, call);
  }

  async setFinalizer(experiment: Experiment, present: boolean, call: Call): Promise<Experiment> {
    const { namespace, name, uid, resourceVersion, finalizers = [] } = experiment.metadata;
    const at = finalizers.indexOf(FINALIZER);
    if (at >= 0 === present) return experiment;
    const path = `/metadata/finalizers/${at}`;
    const change: PatchOperation[] = present
      ? [
          { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
          { op: 'add', path: '/metadata/finalizers', value: [...finalizers, FINALIZER] },
        ]
      : [
          { op: 'test', path, value: FINALIZER },
          { op: 'remove', path },
        ];
    const operations = [{ op: 'test', path: '/metadata/uid', value: uid } as const, ...change];
    const { experiments } = this.#caches;
    const doing = `${present ? 'add' : 'remove'} the finalizer of experiment ${namespace}/${name}`;
    try {
      const answer = await this.#client.patch(EXPERIMENTS, { namespace, name }, operations, call);
      return experiments.put(answer) ?? experiment;
    } catch (error) {
      if (isNotFound(error)) {
        experiments.drop({ namespace, name }, uid);
        if (!present) return experiment;
      }
      if (!isInvalid(error)) throw portError(doing, error);
      const current = await this.#client.get(EXPERIMENTS, { namespace, name }, call);
      if (current !== undefined) experiments.put(current);
      else experiments.drop({ namespace, name }, uid);
      throw new ConflictError(`${doing}: it changed meanwhile`, { cause: error });
    }
  }

  async #delete<T extends Experiment | Trial>(
    resource: Resource,
    store: Store<T>,
    { metadata }: T,
    call: Call,
  ): Promise<void> {
    const { namespace, name, uid } = metadata;
    if (metadata.deletionTimestamp !== undefined) return;
    try {
      const left = await this.#client.remove(resource, { namespace, name }, uid, call);
      if (left === undefined) store.drop({ namespace, name }, uid);
      else store.put(left);
    } catch (error) {
      // Gone, or another object has its name.
      if (isNotFound(error) || isConflict(error)) store.drop({ namespace, name }, uid);
      else throw portError(`delete ${resource.kind} ${namespace}/${name}`, error);
    }
  }
}

function trialOf({ metadata, kind }: Experiment, name: string, spec: TrialSpec): object {
  return {
    apiVersion: API_VERSION,
    kind: TRIALS.kind,
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: { [LABEL.experiment]: metadata.name },
      ownerReferences: [
        {
          apiVersion: API_VERSION,
          kind,
          name: metadata.name,
          uid: metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec,
  };
}
