import { randomUUID } from 'node:crypto';
import {
  type AttemptAddress,
  type Experiment,
  requestSubject,
  type TrainerAnswer,
  type TrainerRequest,
  type Trial,
  trainerAnswerSchema,
} from '@espalier/api';
import type { NatsConnection } from 'nats';
import { controllerCredentials } from '../../../controller/src/adapters/nats/credentials.ts';
import {
  experiment as buildExperiment,
  trial as buildTrial,
  type SpecInput,
} from '../../../controller/src/domain/testing/builders.ts';
import type { PodView } from '../../../controller/src/domain/trial/pod-view.ts';
import type { Cluster } from '../../../controller/src/ports/cluster.ts';
import type { Clock, Logger } from '../../../controller/src/ports/telemetry.ts';
import { createStreams, type Streams } from '../../../controller/src/streams.ts';
import type { NatsServer } from '../../kit/nats-server.ts';
import type { Versitygw } from '../../kit/versitygw.ts';
import { waitFor } from '../../kit/wait.ts';
import { realClock, SMALL_LIMITS } from './feed-rig.ts';

/** Objects that tests change by hand, as a leader's caches would show them. */
export class StaticCluster {
  readonly trials = new Map<string, Trial>();
  readonly experiments = new Map<string, Experiment>();
  readonly pods = new Map<string, PodView[]>();
  readonly profiles = new Map<string, object>();

  /** A Trial of a new Experiment with one pod that runs. */
  add(spec: SpecInput = {}, namespace = 'team-a', pod: Partial<PodView> = {}): Scene {
    const uid = randomUUID();
    const name = `e${this.experiments.size}`;
    const experiment = buildExperiment(spec, (object) => ({
      ...object,
      metadata: { ...object.metadata, name, namespace, uid },
    }));
    const trial = buildTrial(`${name}-00000`, (object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        namespace,
        uid: randomUUID(),
        ownerReferences: (object.metadata.ownerReferences ?? []).map((owner) => ({
          ...owner,
          name,
          uid,
        })),
      },
    }));
    this.experiments.set(`${namespace}/${name}`, experiment);
    this.trials.set(`${namespace}/${trial.metadata.name}`, trial);
    const scene = { experiment, trial, namespace, trialUid: trial.metadata.uid };
    this.setPods(scene, pod);
    return scene;
  }

  setPods({ trial, namespace, trialUid }: Scene, ...pods: Partial<PodView>[]): void {
    this.pods.set(
      trialUid,
      pods.map((pod, attempt) => ({
        namespace,
        name: `${trial.metadata.name}-a${pod.attempt ?? attempt}`,
        uid: randomUUID(),
        trialUid,
        attempt,
        createdMs: Date.now() - 1_000,
        startedMs: Date.now() - 1_000,
        held: true,
        ...pod,
      })),
    );
  }

  get port(): Cluster {
    const at = ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`;
    const port: Pick<Cluster, 'podsOf' | 'trial' | 'experiment' | 'profile'> = {
      podsOf: (uid) => this.pods.get(uid) ?? [],
      trial: (key) => this.trials.get(at(key)),
      experiment: (key) => this.experiments.get(at(key)),
      profile: (key) => this.profiles.get(at(key)) as ReturnType<Cluster['profile']>,
    };
    return port as Cluster;
  }
}

export interface Scene {
  readonly experiment: Experiment;
  readonly trial: Trial;
  readonly namespace: string;
  readonly trialUid: string;
}

export interface LogLine {
  readonly message: string;
  readonly fields: unknown;
}

/** The controller's streams on real servers, leading until it is closed. */
export interface LeadingStreams extends Streams {
  readonly log: readonly LogLine[];
  stop(): Promise<void>;
}

export async function leadStreams(
  cluster: StaticCluster,
  servers: { readonly nats?: NatsServer; readonly s3?: Versitygw | undefined },
  more: { readonly quotaBytes?: number; readonly clock?: Clock; readonly s3Url?: string } = {},
): Promise<LeadingStreams> {
  const { nats, s3 } = servers;
  const lines: LogLine[] = [];
  const tell = (message: string, fields: unknown) => void lines.push({ message, fields });
  const log: Logger = { info: tell, warn: tell, error: tell, with: () => log };
  const credentials = nats && (await controllerCredentials(nats.installation));
  const streams = createStreams({
    cluster: cluster.port,
    clock: more.clock ?? realClock,
    log,
    oldestPodMs: () => {
      const created = [...cluster.pods.values()].flat().map(({ createdMs }) => createdMs);
      return created.length === 0 ? undefined : Math.min(...created);
    },
    ...(nats === undefined
      ? {}
      : {
          nats: {
            servers: [nats.url],
            credentials: () => credentials ?? '',
            ca: () => nats.installation.ca.certificate,
            signer: () => nats.installation,
            limits: SMALL_LIMITS,
          },
        }),
    ...(s3 === undefined
      ? {}
      : {
          s3: {
            bucket: s3.bucket,
            region: s3.region,
            endpoint: more.s3Url ?? s3.url,
            credentials: s3.credentials,
            pathStyle: true,
            prefix: 'espalier',
            attemptQuotaBytes: more.quotaBytes ?? 1_000_000,
          },
        }),
  });
  const stop = new AbortController();
  const leading = streams.lead(stop.signal);
  return Object.assign(streams, {
    log: lines,
    stop: async () => {
      stop.abort();
      await leading;
      await streams.close();
    },
  });
}

/** Asks as a trainer does, again until there is an answer. */
export async function ask(
  connection: NatsConnection,
  from: AttemptAddress,
  request: TrainerRequest | string,
): Promise<TrainerAnswer> {
  const text = typeof request === 'string' ? request : JSON.stringify(request);
  const reply = await waitFor(
    () => connection.request(requestSubject(from), text, { timeout: 1_000 }).catch(() => undefined),
    { what: `an answer to ${text.slice(0, 100)}`, timeoutMs: 15_000 },
  );
  return trainerAnswerSchema.parse(reply.json());
}
