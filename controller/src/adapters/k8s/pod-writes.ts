import { FINALIZER, podName, type Trial } from '@espalier/api';
import { type PodDefaults, podMarks, podTemplate } from '../../domain/trial/pod-template.ts';
import type { PodView } from '../../domain/trial/pod-view.ts';
import type { Call, PodRequest } from '../../ports/cluster.ts';
import { ConflictError, TerminalError, WaitError } from '../../ports/errors.ts';
import type { ObjectKey } from '../../ports/key.ts';
import type { Clock } from '../../ports/telemetry.ts';
import { isAlreadyExists, isConflict, isInvalid, isNotFound } from './api-error.ts';
import type { Caches } from './caches.ts';
import type { ObjectClient } from './object-client.ts';
import { compareVersions, controllerOf, type RawObject } from './raw-object.ts';
import { portError } from './refusal.ts';
import { PODS, TRIALS } from './resources.ts';
import { isWorthKeeping, surplusFailures } from './retention.ts';

const FOREIGN_POD_MS = 5_000;
/** A profile that comes after its Experiment, or again (an upgrade of the chart), is waited for so long. */
const PROFILE_GRACE_MS = 120_000;
const PROFILE_RETRY_MS = 3_000;

export interface PodWritesOptions {
  readonly caches: Caches;
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly defaults: PodDefaults;
}

/** The writes on pods, with the rules that keep an attempt from having two (G1). */
export class PodWrites {
  readonly #options: PodWritesOptions;
  /** When each profile was first missed; whoever leads next only waits anew. */
  readonly #missedMs = new Map<string, number>();

  constructor(options: PodWritesOptions) {
    this.#options = options;
  }

  async create(request: PodRequest, call: Call): Promise<void> {
    const { caches, client, defaults } = this.#options;
    const { trial, attempt } = request;
    const made = podTemplate(request, defaults);
    const profileKey = `${trial.metadata.namespace}/${request.experiment.spec.trainer.profile}`;
    if (made.kind === 'refused') {
      const isWaiting = made.reason === 'ProfileNotFound' && this.#mayCome(profileKey);
      if (isWaiting) throw new WaitError(made.message, PROFILE_RETRY_MS, { reason: made.reason });
      throw new TerminalError(made.message);
    }
    this.#missedMs.delete(profileKey);
    await this.#trialIsCurrent(trial, call);
    const { namespace, name } = made.pod.metadata;
    try {
      caches.pods.put(await client.create(PODS, namespace, made.pod, call));
    } catch (error) {
      if (!isAlreadyExists(error)) throw portError(`create pod ${name}`, error);
      await this.#adopt({ namespace, name }, trial, attempt, call);
    }
  }

  /** @param force Without waiting for its node, which may be lost: nobody will see its end. */
  async delete(pod: PodView, force: boolean, call: Call): Promise<void> {
    const { caches, client } = this.#options;
    const { namespace, name, uid } = pod;
    // Asked for already: the kubelet needs no second word.
    if (pod.deletingSinceMs !== undefined && !force) return;
    try {
      const left = await client.remove(PODS, pod, uid, call, force ? 0 : undefined);
      if (left !== undefined) caches.pods.put(left);
    } catch (error) {
      // Gone, or another pod has its name: either way this one is no more.
      if (isNotFound(error) || isConflict(error)) caches.pods.drop({ namespace, name }, uid);
      else throw portError(`delete pod ${name}`, error);
    }
    if (force) await this.#free(pod, call);
  }

  /**
   * Lets a pod go whose end is counted: it is deleted, or kept for its log if it failed. The deletion
   * comes first, because a pod without our finalizer is of no more interest after a crash.
   */
  async release(pod: PodView, call: Call): Promise<void> {
    const { caches } = this.#options;
    const isKept = isWorthKeeping(pod);
    if (!isKept) await this.delete(pod, false, call);
    await this.#free(pod, call);
    const experiment = caches.pods.get(pod)?.experiment;
    if (!isKept || experiment === undefined) return;
    for (const old of surplusFailures(caches.pods.all(), experiment)) {
      await this.delete(old, false, call);
    }
  }

  /** Takes our finalizer off, and nobody else's. */
  async #free(pod: PodView, call: Call): Promise<void> {
    const { caches, client } = this.#options;
    const { namespace, name, uid } = pod;
    const known = caches.pods.get(pod);
    if (known?.view.uid !== uid) return;
    const at = known.finalizers.indexOf(FINALIZER);
    if (at < 0) return;
    const path = `/metadata/finalizers/${at}`;
    try {
      const left = await client.patch(
        PODS,
        pod,
        [
          { op: 'test', path: '/metadata/uid', value: uid },
          { op: 'test', path, value: FINALIZER },
          { op: 'remove', path },
        ],
        call,
      );
      caches.pods.put(left);
    } catch (error) {
      if (isNotFound(error)) caches.pods.drop({ namespace, name }, uid);
      else if (isInvalid(error)) {
        // Somebody changed the finalizers, or took the name: look, then decide anew.
        await this.#look({ namespace, name }, uid, call);
        throw new ConflictError(`release pod ${name}: it changed meanwhile`, { cause: error });
      } else throw portError(`release pod ${name}`, error);
    }
  }

  /** Whether that pod does not exist, by a quorum read. */
  async isGone(trial: Trial, attempt: number, call: Call): Promise<boolean> {
    const { caches, client } = this.#options;
    const { namespace, name } = trial.metadata;
    const key = { namespace, name: podName(name, attempt) };
    const pod = await client.get(PODS, key, call);
    const known = caches.pods.get(key);
    if (pod !== undefined && isPodOf(pod, trial)) {
      caches.pods.put(await this.#marked(pod, trial, attempt, call));
      return false;
    }
    if (known !== undefined && known.view.uid !== pod?.metadata.uid) {
      caches.pods.drop(key, known.view.uid);
    }
    return true;
  }

  /** 409 on create is done if it is the pod of this attempt; another Trial's pod has to go first. */
  async #adopt(key: ObjectKey, trial: Trial, attempt: number, call: Call): Promise<void> {
    const { caches, client } = this.#options;
    const pod = await client.get(PODS, key, call);
    if (pod === undefined) throw new ConflictError(`pod ${key.name} went as it was looked at`);
    if (!isPodOf(pod, trial)) {
      throw new WaitError(`pod ${key.name} belongs to somebody else`, FOREIGN_POD_MS, {
        reason: 'NameTaken',
      });
    }
    if (caches.pods.put(await this.#marked(pod, trial, attempt, call)) === undefined) {
      throw new TerminalError(`pod ${key.name} is not as we make them; delete it`);
    }
  }

  /**
   * The pod with the labels and the owner that we gave it, put back if somebody took them off: by
   * them the caches find it, and without them its end would never be seen.
   */
  async #marked(pod: RawObject, trial: Trial, attempt: number, call: Call): Promise<RawObject> {
    const { uid, labels = {}, ownerReferences = [] } = pod.metadata;
    const marks = podMarks(trial, attempt);
    const isLabelled = Object.entries(marks.labels).every(([name, is]) => labels[name] === is);
    const isOwned = controllerOf(pod.metadata) !== undefined;
    if (isLabelled && isOwned) return pod;
    const owners = isOwned ? ownerReferences : [...ownerReferences, ...marks.ownerReferences];
    const metadata = { uid, labels: marks.labels, ownerReferences: owners };
    const { namespace = '', name } = pod.metadata;
    return this.#options.client.mergePatch(PODS, { namespace, name }, { metadata }, call);
  }

  /**
   * A pod is created only for a Trial as it is now: after a write whose answer was lost, the cache
   * may be older than our own record that this attempt has ended.
   */
  async #trialIsCurrent({ metadata }: Trial, call: Call): Promise<void> {
    const { caches, client } = this.#options;
    const { namespace, name, uid } = metadata;
    const key = { namespace, name };
    if (caches.trials.isDoubted(key)) {
      const trial = await client.get(TRIALS, key, call);
      if (trial === undefined) caches.trials.drop(key, uid);
      else caches.trials.put(trial);
    }
    const version = caches.trials.versionOf(key);
    if (version === undefined || compareVersions(metadata.resourceVersion, version) < 0) {
      throw new ConflictError(`trial ${name} changed before its pod was created`);
    }
  }

  async #look(key: ObjectKey, uid: string, call: Call): Promise<void> {
    const { caches, client } = this.#options;
    const pod = await client.get(PODS, key, call);
    if (pod?.metadata.uid === uid) caches.pods.put(pod);
    else caches.pods.drop(key, uid);
  }

  #mayCome(profileKey: string): boolean {
    const nowMs = this.#options.clock.now();
    const sinceMs = this.#missedMs.get(profileKey) ?? nowMs;
    this.#missedMs.set(profileKey, sinceMs);
    return nowMs - sinceMs < PROFILE_GRACE_MS;
  }
}

/** A pod under the name of an attempt is the Trial's, unless another object owns it or we never did. */
function isPodOf({ metadata }: RawObject, trial: Trial): boolean {
  const owner = controllerOf(metadata);
  if (owner !== undefined) return owner.uid === trial.metadata.uid;
  return metadata.finalizers?.includes(FINALIZER) === true;
}
