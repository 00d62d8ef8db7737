import {
  type Experiment,
  experimentSchema,
  LABEL,
  type TrainerProfile,
  type Trial,
  trainerProfileSchema,
  trialSchema,
} from '@espalier/api';
import type { PodView } from '../../domain/trial/pod-view.ts';
import type { ObjectChange } from '../../ports/cluster.ts';
import { parseKey } from '../../ports/key.ts';
import type { Clock, Logger } from '../../ports/telemetry.ts';
import { podDiffers, podViewFromPod } from './pod-view-from-pod.ts';
import { controllerOf, type RawObject } from './raw-object.ts';
import { EXPERIMENTS, PODS, PROFILES, type Resource, TRIALS } from './resources.ts';
import { Store } from './store.ts';
import type { Transport } from './transport.ts';
import { Watcher, type WatcherOptions } from './watcher.ts';

/** A pod's view with what only this adapter needs of it. */
export interface KeptPod {
  readonly view: PodView;
  readonly trialName: string;
  /** Its Experiment's key, from its label. */
  readonly experiment: string;
  readonly finalizers: readonly string[];
}

/** An object that no schema fits; it is left alone, and the others go on (G12). */
export interface DamagedObject {
  readonly resource: Resource;
  readonly raw: RawObject;
  readonly problem: string;
}

export interface CachesOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** Empty = all namespaces. */
  readonly namespaces: readonly string[];
  readonly onDamaged?: (damaged: DamagedObject) => void;
  readonly watch?: Pick<WatcherOptions, 'serverTimeoutMs' | 'idleMs' | 'relistMs' | 'onRestart'>;
}

type Schema<T> = {
  safeParse(raw: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly { path: readonly PropertyKey[]; message: string }[];
        };
      };
};

/** The newest known state of everything that the reconcilers look at. */
export class Caches {
  readonly experiments: Store<Experiment>;
  readonly trials: Store<Trial>;
  readonly pods: Store<KeptPod>;
  readonly profiles: Store<TrainerProfile>;
  readonly #options: CachesOptions;
  readonly #watchers: readonly Watcher[];
  readonly #listeners: ((change: ObjectChange) => void)[] = [];

  constructor(options: CachesOptions) {
    this.#options = options;
    this.experiments = new Store({
      narrow: (raw) => this.#parse(EXPERIMENTS, experimentSchema, raw),
      order: () => 0,
      onChange: (key, before, after) => {
        const experimentUid = (after ?? before)?.metadata.uid ?? '';
        this.#tell({ kind: 'Experiment', key, experimentUid, gone: after === undefined });
        if (before !== undefined || after === undefined) return;
        // It was damaged, or was told of after its Trials: they could not be looked at.
        for (const trial of this.trials.childrenOf(experimentUid)) {
          this.#tell(trialChange(trial, false));
        }
      },
    });
    this.trials = new Store({
      narrow: (raw) => this.#parse(TRIALS, trialSchema, raw),
      order: (trial) => trial.spec.index,
      onChange: (_key, before, after) => {
        const trial = after ?? before;
        if (trial === undefined) return;
        this.#tell(trialChange(trial, after === undefined));
      },
    });
    this.pods = new Store({
      narrow: keepPod,
      order: (kept) => kept.view.attempt,
      differs: (before, after) => podDiffers(before.view, after.view),
      onChange: (key, before, after) => {
        const pod = after ?? before;
        if (pod !== undefined) this.#tellTrial(key.namespace, pod);
      },
    });
    this.profiles = new Store({
      narrow: (raw) => this.#parse(PROFILES, trainerProfileSchema, raw),
      order: () => 0,
      onChange: () => {},
    });
    const scopes = options.namespaces.length === 0 ? [undefined] : options.namespaces;
    // Owners before what they own, so that a child's first news finds its owner.
    this.#watchers = scopes.flatMap((namespace) => [
      this.#watcher(PROFILES, this.profiles, namespace),
      this.#watcher(EXPERIMENTS, this.experiments, namespace),
      this.#watcher(TRIALS, this.trials, namespace),
      this.#watcher(PODS, this.pods, namespace, LABEL.trial),
    ]);
  }

  /** Tells of every change from now on, and first of all that is there: it may be a new leader's. */
  onChange(listener: (change: ObjectChange) => void): void {
    for (const { metadata } of this.experiments.all()) {
      const { namespace, name, uid } = metadata;
      listener({ kind: 'Experiment', key: { namespace, name }, experimentUid: uid, gone: false });
    }
    for (const trial of this.trials.all()) listener(trialChange(trial, false));
    this.#listeners.push(listener);
  }

  /** Resolves once every cache has been filled. */
  async start(signal: AbortSignal): Promise<void> {
    for (const watcher of this.#watchers) watcher.start(signal);
    await Promise.all(this.#watchers.map((watcher) => watcher.synced()));
  }

  /** Lists everything again; resolves once the caches are as new as the call. */
  async refresh(): Promise<void> {
    await Promise.all(this.#watchers.map((watcher) => watcher.refresh()));
  }

  #watcher<T>(
    resource: Resource,
    store: Store<T>,
    namespace: string | undefined,
    labelSelector?: string,
  ): Watcher {
    const { transport, clock, log, random, watch } = this.#options;
    return new Watcher({
      transport,
      clock,
      log,
      random,
      resource,
      namespace,
      sink: store.sink(namespace),
      ...watch,
      ...(labelSelector === undefined ? {} : { labelSelector }),
    });
  }

  #parse<T>(resource: Resource, schema: Schema<T>, raw: RawObject): T | undefined {
    // Items of a list carry neither; a watch sends both.
    const { apiVersion, kind } = resource;
    const result = schema.safeParse({ ...raw, apiVersion, kind });
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const problem = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'does not fit its schema'}`;
    const { namespace, name } = raw.metadata;
    this.#options.log.warn('object is damaged and left alone', { kind, namespace, name, problem });
    this.#options.onDamaged?.({ resource, raw, problem });
    return undefined;
  }

  /** A pod's change is its Trial's; also after the Trial went, because the pod may hold a slot. */
  #tellTrial(namespace: string, { trialName, experiment, view }: KeptPod): void {
    const key = { namespace, name: trialName };
    const trial = this.trials.get(key);
    if (trial?.metadata.uid === view.trialUid) {
      this.#tell(trialChange(trial, false));
      return;
    }
    const owner = this.experiments.get(parseKey(experiment));
    if (owner === undefined) return;
    this.#tell({ kind: 'Trial', key, experimentUid: owner.metadata.uid, gone: true });
  }

  #tell(change: ObjectChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#options.log.error('a listener failed', { error: String(error) });
      }
    }
  }
}

function trialChange({ metadata }: Trial, gone: boolean): ObjectChange {
  const { namespace, name, ownerReferences } = metadata;
  const owner = ownerReferences?.find((ref) => ref.controller);
  return { kind: 'Trial', key: { namespace, name }, experimentUid: owner?.uid ?? '', gone };
}

function keepPod(raw: RawObject): KeptPod | undefined {
  const view = podViewFromPod(raw);
  if (view === undefined) return undefined;
  return {
    view,
    trialName: controllerOf(raw.metadata)?.name ?? '',
    experiment: `${view.namespace}/${raw.metadata.labels?.[LABEL.experiment] ?? ''}`,
    finalizers: raw.metadata.finalizers ?? [],
  };
}
