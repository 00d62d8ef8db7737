import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { attemptName, CREDENTIAL_FILE, inboxOf, type Point } from '@espalier/api';
import { type Account, createAccount, decode, encodeAccount, fromSeed } from '@nats-io/jwt';
import type { NatsConnection } from 'nats';
import { createAuthority } from '../../../controller/src/adapters/nats/certificates.ts';
import { controllerCredentials } from '../../../controller/src/adapters/nats/credentials.ts';
import {
  type Installation,
  retireTrainerKeys,
  rotateTrainerKey,
} from '../../../controller/src/adapters/nats/installation.ts';
import { createStreams, type Streams } from '../../../controller/src/streams.ts';
import { type NatsServer, startNatsServer } from '../../kit/nats-server.ts';
import { watchOutcome } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { connectWith } from './clients.ts';
import { realClock, SMALL_LIMITS, send } from './feed-rig.ts';
import { type Scene, StaticCluster } from './streams-rig.ts';

const point = (seq: number): Point => ({ seq, step: seq, epoch: 1, values: { acc: seq }, time: 0 });
const QUIET = { info: () => {}, warn: () => {}, error: () => {}, with: () => QUIET };

describe('keys that change while trials run', { skip: whyNoTools(), timeout: 120_000 }, () => {
  let server: NatsServer;
  /** What lies in the controller's files. */
  let files: { installation: Installation; credentials: string };
  let streams: Streams;
  let stop: AbortController;
  let leading: Promise<void>;
  const cluster = new StaticCluster();
  const open: NatsConnection[] = [];
  const outcome = watchOutcome();

  before(async () => {
    server = await startNatsServer();
    const { installation } = server;
    files = { installation, credentials: await controllerCredentials(installation) };
    stop = new AbortController();
    streams = createStreams({
      cluster: cluster.port,
      clock: realClock,
      log: QUIET,
      oldestPodMs: () => undefined,
      nats: {
        servers: [server.url],
        credentials: () => files.credentials,
        ca: () => files.installation.ca.certificate,
        signer: () => files.installation,
        limits: SMALL_LIMITS,
      },
    });
    leading = streams.lead(stop.signal);
  });
  after(async () => {
    for (const connection of open) await connection.close();
    stop?.abort();
    await leading;
    await streams?.close();
    await server?.stop(outcome);
  });

  /** A Trial whose trainer has connected with what its Secret holds now. */
  const begin = async (): Promise<{
    scene: Scene;
    trainer: NatsConnection;
    report(...seqs: number[]): Promise<void>;
  }> => {
    const scene = cluster.add();
    const { trialUid, namespace } = scene;
    const address = { namespace, trialUid, attempt: 0 };
    streams.feed.follow({
      ...{ trialUid, namespace, experimentUid: scene.experiment.metadata.uid, trialName: 'x' },
      ...{ metric: 'acc', goal: 'maximize', resource: 'epoch', milestones: [] },
    });
    const secret = await streams.mint?.(address, scene.experiment.spec);
    assert.ok(secret !== undefined);
    assert.equal(secret[CREDENTIAL_FILE.ca], files.installation.ca.certificate);
    const url = { url: server.url, installation: files.installation };
    const trainer = await connectWith(
      url,
      secret[CREDENTIAL_FILE.user],
      inboxOf(attemptName(address)),
    );
    open.push(trainer);
    const report = async (...seqs: number[]) => {
      for (const seq of seqs)
        await send(trainer, address, { kind: 'points', points: [point(seq)] });
    };
    return { scene, trainer, report };
  };
  const hears = ({ trialUid }: Scene, count: number) =>
    waitFor(() => streams.feed.view(trialUid)?.points === count, {
      what: `${count} points are heard`,
    });

  test('F28 the key of trainers: those that run go on, later ones get the new one', async (t) => {
    await waitFor(() => streams.facts.isCaughtUp, { what: 'the leader has caught up' });
    const old = await begin();
    await old.report(0, 1);
    files = { ...files, installation: await rotateTrainerKey(files.installation) };
    await server.reload(files.installation);
    const young = await begin();
    await young.report(0);
    await old.report(2);
    await hears(old.scene, 3);
    await hears(young.scene, 1);
    files = { ...files, installation: await retireTrainerKeys(files.installation) };
    await server.reload(files.installation);
    await waitFor(() => old.trainer.isClosed(), { what: 'the old key has ended' });
    await young.report(1);
    await hears(young.scene, 2);
    t.diagnostic('points sent 5, folded 5, lost 0');
  });

  test('F28 the key of the controller: it comes back with the new file and has missed nothing', async (t) => {
    const { scene, report } = await begin();
    await report(0);
    await hears(scene, 1);
    const next = await withNewControllerKey(files.installation);
    files = { installation: next, credentials: await controllerCredentials(next) };
    // The server cuts off whom the old key signed.
    await server.reload(next);
    await waitFor(() => streams.facts.isNatsConnected === false, {
      what: 'the old file has ended',
    });
    await report(1, 2);
    await hears(scene, 3);
    assert.equal(streams.facts.isNatsConnected, true);
    t.diagnostic('points sent 3, folded 3, lost 0');
  });

  test('F28 certificate and authority of the server: both sides trust the new ones', async (t) => {
    const before = await begin();
    await before.report(0);
    await hears(before.scene, 1);
    const authority = createAuthority('espalier-nats-2', 30);
    const issued = authority.issue({
      commonName: 'espalier-nats',
      hosts: ['127.0.0.1', 'localhost'],
    });
    await server.kill();
    writeFileSync(server.folder.file('server.crt'), issued.certificate, { mode: 0o600 });
    writeFileSync(server.folder.file('server.key'), issued.key, { mode: 0o600 });
    await server.start();
    const { certificate, key } = authority;
    files = { ...files, installation: { ...files.installation, ca: { certificate, key } } };
    const after = await begin();
    await after.report(0, 1);
    await hears(after.scene, 2);
    await hears(before.scene, 1);
    t.diagnostic('points sent 3, folded 3, lost 0');
  });
});

async function withNewControllerKey(installation: Installation): Promise<Installation> {
  const { accountJwt, account, operatorSeed } = installation;
  const { name, nats } = decode<Account>(accountJwt);
  const controller = createAccount();
  const trainers = (nats.signing_keys ?? []).filter((key) => typeof key !== 'string');
  const signing_keys = [...trainers, controller.getPublicKey()];
  const signer = fromSeed(Buffer.from(operatorSeed));
  return {
    ...installation,
    accountJwt: await encodeAccount(name, account, { ...nats, signing_keys }, { signer }),
    controllerSeed: Buffer.from(controller.getSeed()).toString(),
  };
}
