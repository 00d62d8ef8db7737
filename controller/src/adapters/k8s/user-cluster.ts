import type { Readable } from 'node:stream';
import {
  type DesiredState,
  type Experiment,
  experimentSchema,
  LABEL,
  type Trial,
  trialSchema,
} from '@espalier/api';
import { CONTAINER } from '../../domain/trial/pod-containers.ts';
import type { Call } from '../../ports/cluster.ts';
import type { ObjectKey } from '../../ports/key.ts';
import type { Clock, EventRecord } from '../../ports/telemetry.ts';
import type { ClusterAccess } from './access.ts';
import { isBadRequest, isGone, isNotFound } from './api-error.ts';
import { allObjects } from './list-objects.ts';
import { ObjectClient } from './object-client.ts';
import { parsed } from './parsed.ts';
import { controllerOf, type RawObject } from './raw-object.ts';
import { EVENTS, EXPERIMENTS, objectPath, PODS, type Resource, TRIALS } from './resources.ts';
import type { Transport } from './transport.ts';
import { eventOf } from './user-events.ts';
import { failureOf, type Verb } from './user-failure.ts';
import {
  type ExperimentPicture,
  UserWatch,
  type WatchNews,
  type WatchPlace,
} from './user-watch.ts';

const POD_LOGS: Resource = { ...PODS, plural: 'pods/log' };
const LIST_TRIES = 3;
/** Whose the fields are that people set with our program; kubectl's are its own. */
const FIELD_MANAGER = 'espalier-cli';

/** What a person does with the objects of a cluster, with the rights of a kubeconfig. */
export class UserCluster {
  readonly #access: ClusterAccess;
  readonly #transport: Transport;
  readonly #objects: ObjectClient;
  readonly #clock: Clock;

  constructor(access: ClusterAccess, transport: Transport, clock: Clock) {
    this.#access = access;
    this.#transport = transport;
    this.#clock = clock;
    this.#objects = new ObjectClient(transport);
  }

  /** That of the kubeconfig's context, if it names one. */
  get namespace(): string | undefined {
    return this.#access.namespace;
  }

  /** For messages. */
  get server(): string {
    return this.#access.server.host;
  }

  /** Those of a namespace, or of all; by namespace and name. */
  async experiments(namespace: string | undefined, call: Call): Promise<readonly Experiment[]> {
    const items = await this.#list(EXPERIMENTS, namespace, {}, call);
    return items.map((item) => parsed(experimentSchema, EXPERIMENTS, item));
  }

  async experiment(key: ObjectKey, call: Call): Promise<Experiment | undefined> {
    const found = await this.#get(EXPERIMENTS, key, call);
    return found && parsed(experimentSchema, EXPERIMENTS, found);
  }

  async trial(key: ObjectKey, call: Call): Promise<Trial | undefined> {
    const found = await this.#get(TRIALS, key, call);
    return found && parsed(trialSchema, TRIALS, found);
  }

  /** All Trials of that Experiment, as they were at one moment, by ascending index. */
  async trials({ metadata }: Experiment, call: Call): Promise<readonly Trial[]> {
    const query = { labelSelector: `${LABEL.experiment}=${metadata.name}` };
    const items = await this.#list(TRIALS, metadata.namespace, query, call, metadata.name);
    return items
      .filter((item) => controllerOf(item.metadata)?.uid === metadata.uid)
      .map((item) => parsed(trialSchema, TRIALS, item))
      .toSorted((a, b) => a.spec.index - b.spec.index);
  }

  /**
   * An Experiment and its Trials, now and after every change: first what is there, then by the streams of
   * the server, which an idle one costs nothing. The two kinds are not read at one moment.
   *
   * @throws {EspalierError} what does not pass by itself, such as a missing right to watch; the reason of
   * the signal when that aborts.
   */
  watchExperiment(
    key: ObjectKey & { readonly uid: string },
    call: Call,
  ): AsyncGenerator<WatchNews<ExperimentPicture>> {
    return UserWatch.ofExperiment(this.#place(), key).news(call);
  }

  /** The same of all Experiments of a namespace, or of all. */
  watchExperiments(
    namespace: string | undefined,
    call: Call,
  ): AsyncGenerator<WatchNews<readonly Experiment[]>> {
    return UserWatch.ofExperiments(this.#place(), namespace).news(call);
  }

  /** What happened to an Experiment and its Trials, as far as the API server still keeps it. */
  async events(key: ObjectKey, call: Call): Promise<readonly EventRecord[]> {
    const items = await this.#list(EVENTS, key.namespace, {}, call, key.name);
    return items.flatMap((item) => eventOf(item, key) ?? []);
  }

  /**
   * What the trainer of a pod printed; with `follow` the stream goes on until that ends.
   *
   * @returns `waiting` if it has not started, `gone` if there is no such pod.
   */
  async podLog(
    pod: ObjectKey,
    { follow }: { readonly follow: boolean },
    call: Call,
  ): Promise<Readable | 'waiting' | 'gone'> {
    return this.#doing('get', POD_LOGS, pod, call, async () => {
      try {
        return await this.#transport.stream(
          {
            method: 'GET',
            path: `${objectPath(PODS, pod.namespace, pod.name)}/log`,
            query: { container: CONTAINER.trainer, follow },
            resource: POD_LOGS.plural,
          },
          call,
        );
      } catch (error) {
        if (isNotFound(error)) return 'gone';
        if (isBadRequest(error)) return 'waiting';
        throw error;
      }
    });
  }

  /**
   * Creates the Experiment or changes what of it may be changed (server-side apply). What another
   * manager has set differently since is a conflict, unless `force`.
   *
   * @param manifest As a person wrote it: defaults are the API server's.
   */
  async apply(
    manifest: object & { readonly metadata: ObjectKey },
    options: { readonly dryRun: boolean; readonly force: boolean },
    call: Call,
  ): Promise<Experiment> {
    const { metadata } = manifest;
    const answer = await this.#doing('patch', EXPERIMENTS, metadata, call, () =>
      this.#transport.request<RawObject>(
        {
          method: 'PATCH',
          path: objectPath(EXPERIMENTS, metadata.namespace, metadata.name),
          query: {
            fieldManager: FIELD_MANAGER,
            fieldValidation: 'Strict',
            force: options.force,
            dryRun: options.dryRun ? 'All' : undefined,
          },
          body: manifest,
          contentType: 'application/apply-patch+yaml',
          resource: EXPERIMENTS.plural,
        },
        call,
      ),
    );
    return parsed(experimentSchema, EXPERIMENTS, answer);
  }

  /** @throws {EspalierError} NotFound; InvalidSpec if the state cannot be left any more. */
  async setDesiredState(key: ObjectKey, state: DesiredState, call: Call): Promise<Experiment> {
    const body = { spec: { desiredState: state } };
    const answer = await this.#doing('patch', EXPERIMENTS, key, call, () =>
      this.#objects.mergePatch(EXPERIMENTS, key, body, call),
    );
    return parsed(experimentSchema, EXPERIMENTS, answer);
  }

  /** Asks for its deletion; the controller ends its pods first. One of another uid is left alone. */
  async remove({ metadata }: Experiment, call: Call): Promise<void> {
    await this.#doing('delete', EXPERIMENTS, metadata, call, () =>
      this.#objects.remove(EXPERIMENTS, metadata, metadata.uid, call),
    );
  }

  close(): void {
    this.#transport.close();
  }

  #place(): WatchPlace {
    return { transport: this.#transport, clock: this.#clock, server: this.server };
  }

  async #get(resource: Resource, key: ObjectKey, call: Call): Promise<RawObject | undefined> {
    return this.#doing('get', resource, key, call, () => this.#objects.get(resource, key, call));
  }

  async #list(
    resource: Resource,
    namespace: string | undefined,
    query: { readonly labelSelector?: string },
    call: Call,
    owner?: string,
  ): Promise<readonly RawObject[]> {
    const whose = owner === undefined ? '' : ` of ${owner}`;
    const where = { namespace: namespace ?? '*', name: `the ${resource.plural}${whose}` };
    return this.#doing('list', resource, where, call, async () => {
      for (let tried = 1; ; tried++) {
        try {
          return await allObjects(this.#transport, resource, { ...query, namespace }, call);
        } catch (error) {
          // The state of the first page is no longer kept: from the start.
          if (!isGone(error) || tried === LIST_TRIES) throw error;
        }
      }
    });
  }

  async #doing<T>(
    verb: Verb,
    resource: Resource,
    key: ObjectKey,
    call: Call,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      call.signal.throwIfAborted();
      throw failureOf(verb, resource, key, this.server, error);
    }
  }
}
