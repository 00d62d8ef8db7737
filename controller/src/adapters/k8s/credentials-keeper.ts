import { type AttemptAddress, attemptName, type ExperimentSpec, LABEL } from '@espalier/api';
import type { PodView } from '../../domain/trial/pod-view.ts';
import type { Call } from '../../ports/cluster.ts';
import { keyText, parseKey } from '../../ports/key.ts';
import type { Clock, EventSink } from '../../ports/telemetry.ts';
import { isAlreadyExists, isForbidden, isNotFound } from './api-error.ts';
import type { Caches, KeptPod } from './caches.ts';
import type { ObjectClient } from './object-client.ts';
import { PODS, SECRETS } from './resources.ts';

/** A pod that has not started by then may have lost its Secret to the garbage collector. */
const AGAIN_MS = 30_000;

export interface CredentialsKeeperOptions {
  readonly caches: Caches;
  readonly client: Pick<ObjectClient, 'create'>;
  readonly clock: Clock;
  readonly events: EventSink;
  /** Makes the files of an attempt's Secret, new each time. */
  readonly mint: (
    address: AttemptAddress,
    spec: Pick<ExperimentSpec, 'deadlines'>,
  ) => Promise<Readonly<Record<string, string>>>;
}

/**
 * Gives every attempt the Secret that its pod mounts, once it has a node: until then the kubelet starts
 * nothing of it. The Secret belongs to the pod and goes with it.
 *
 * It needs no right but to create: a Secret that is there is done. That may be one of an older pod of
 * the same attempt, which the garbage collector is about to take, so it is created again until the
 * process has started, each time after twice the time. A pod that has started needs none, so a new
 * leader writes nothing for pods that run.
 */
export class CredentialsKeeper {
  readonly #options: CredentialsKeeperOptions;

  constructor(options: CredentialsKeeperOptions) {
    this.#options = options;
  }

  /** Calls back with the key of every pod that waits for its Secret, now and from now on. */
  onWaiting(listener: (key: string) => void): void {
    const { caches } = this.#options;
    const told = new Set<string>();
    caches.onChange(({ kind, key: { namespace, name } }) => {
      if (kind !== 'Trial') return;
      const trial = caches.trials.get({ namespace, name });
      for (const { view } of caches.pods.childrenOf(trial?.metadata.uid ?? '')) {
        if (!waits(view)) told.delete(view.uid);
        else if (!told.has(view.uid)) {
          told.add(view.uid);
          listener(keyText(view));
        }
      }
    });
  }

  /** Creates the Secret of a pod, if it (still) waits for one. */
  async keep(key: string, call: Call): Promise<{ readonly requeueAfterMs?: number }> {
    const { caches, client, clock, mint } = this.#options;
    const kept = caches.pods.get(parseKey(key));
    const experiment = kept && caches.experiments.get(parseKey(kept.experiment));
    if (kept === undefined || experiment === undefined || !waits(kept.view)) return {};
    const { namespace, trialUid, attempt, scheduledMs = 0 } = kept.view;
    const files = await mint({ namespace, trialUid, attempt }, experiment.spec);
    try {
      await client.create(SECRETS, namespace, secretOf(kept, files), call);
    } catch (error) {
      // The pod's namespace is gone, and so is the pod.
      if (isNotFound(error)) return {};
      if (!isAlreadyExists(error)) {
        if (isForbidden(error)) this.#tell(kept, error);
        throw error;
      }
    }
    return { requeueAfterMs: Math.max(AGAIN_MS, clock.now() - scheduledMs) };
  }

  /** A quota, a policy, or a right that we lack: somebody has to do something. */
  #tell({ view, trialName }: KeptPod, error: unknown): void {
    this.#options.events.emit({
      kind: 'Trial',
      namespace: view.namespace,
      name: trialName,
      uid: view.trialUid,
      type: 'Warning',
      reason: 'CredentialsRefused',
      message: `pod ${view.name} waits for its Secret: ${String(error)}`,
    });
  }
}

/** Its node was chosen, and the kubelet waits for the Secret. */
function waits(pod: PodView): boolean {
  return (
    pod.scheduledMs !== undefined &&
    pod.startedMs === undefined &&
    pod.end === undefined &&
    pod.deletingSinceMs === undefined
  );
}

function secretOf({ view, trialName }: KeptPod, stringData: Readonly<Record<string, string>>) {
  return {
    apiVersion: SECRETS.apiVersion,
    kind: SECRETS.kind,
    metadata: {
      name: attemptName(view),
      labels: {
        'app.kubernetes.io/managed-by': 'espalier',
        [LABEL.trial]: trialName,
        [LABEL.attempt]: String(view.attempt),
      },
      ownerReferences: [
        {
          apiVersion: PODS.apiVersion,
          kind: PODS.kind,
          name: view.name,
          uid: view.uid,
          controller: true,
        },
      ],
    },
    type: 'Opaque',
    immutable: true,
    stringData,
  };
}
