import { after, before } from 'node:test';
import type { Experiment } from '@espalier/api';
import { checkManifest } from '../../../controller/src/adapters/s3/manifest-check.ts';
import { ObjectStore } from '../../../controller/src/adapters/s3/object-store.ts';
import { ArtifactKeys, type AttemptPlace } from '../../../controller/src/domain/artifacts/keys.ts';
import type { ManifestCheck } from '../../../controller/src/domain/artifacts/manifest.ts';
import type { FeedView } from '../../../controller/src/domain/trial/feed-view.ts';
import { type FaultProxy, startFaultProxy } from '../../kit/fault-proxy.ts';
import { type NatsServer, startNatsServer } from '../../kit/nats-server.ts';
import { startVersitygw, type Versitygw } from '../../kit/versitygw.ts';
import {
  type LeadingStreams,
  leadStreams,
  type Scene,
  StaticCluster,
} from '../nats/streams-rig.ts';
import { CALL } from '../s3/rig.ts';
import { Attempt } from './attempt.ts';

const QUOTA_BYTES = 2 ** 30;

/**
 * A controller on real servers, and a store behind a proxy that spoils what it is told to.
 *
 * With `keepBodies` it can change what is sent, if that is text.
 */
export function useInstallation({ keepBodies = false, quotaBytes = QUOTA_BYTES } = {}) {
  const cluster = new StaticCluster();
  const keys = new ArtifactKeys('espalier');
  const attempts: Attempt[] = [];
  let nats: NatsServer | undefined;
  let s3: Versitygw | undefined;
  let proxy: FaultProxy | undefined;
  let leader: LeadingStreams | undefined;
  let store: ObjectStore | undefined;
  before(async () => {
    nats = await startNatsServer();
    s3 = await startVersitygw();
    proxy = await startFaultProxy({ upstream: s3.url, keepBodies });
    store = new ObjectStore({ ...s3, endpoint: s3.url, pathStyle: true });
    const more = { s3Url: proxy.url, quotaBytes };
    leader = await leadStreams(cluster, { nats, s3 }, more);
  });
  after(async () => {
    for (const attempt of attempts) attempt.remove();
    await leader?.stop();
    store?.close();
    await proxy?.close();
    await s3?.stop();
    await nats?.stop();
  });
  const started = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('the installation has not started');
    return value;
  };
  return {
    cluster,
    keys,
    get nats() {
      return started(nats);
    },
    get proxy() {
      return started(proxy);
    },
    get store() {
      return started(store);
    },
    /** An attempt that the controller knows, with credentials. */
    newAttempt: async (scene: Scene = cluster.add(), number = 0): Promise<Attempt> => {
      const { namespace, trialUid, experiment, trial } = scene;
      const attempt = new Attempt({ namespace, trialUid, attempt: number });
      attempts.push(attempt);
      await attempt.provide(started(nats));
      started(leader).feed.follow({
        experimentUid: experiment.metadata.uid,
        trialUid,
        namespace,
        trialName: trial.metadata.name,
        metric: 'acc',
        goal: 'maximize',
        resource: 'step',
        milestones: [],
      });
      return attempt;
    },
    /** What the controller has folded. */
    view: ({ trialUid }: Scene): FeedView | undefined => started(leader).feed.view(trialUid),
    /** What the controller finds of an attempt. */
    check: ({ experiment }: Scene, attempt: Attempt, name: string): Promise<ManifestCheck> =>
      checkManifest(started(store), keys, placeOf(experiment, attempt), name, CALL),
  };
}

export function placeOf(
  { metadata }: Experiment,
  { address: { trialUid, attempt } }: Pick<Attempt, 'address'>,
): AttemptPlace {
  const { namespace = '', name, uid } = metadata;
  return { experiment: { namespace, name, uid }, index: 0, trialUid, attempt };
}
