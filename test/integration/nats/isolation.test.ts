import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { attemptName, inboxOf, reportSubject, requestSubject } from '@espalier/api';
import { Events, type NatsConnection } from 'nats';
import {
  attemptExpiryMs,
  controllerCredentials,
} from '../../../controller/src/adapters/nats/credentials.ts';
import {
  createInstallation,
  retireTrainerKeys,
  rotateTrainerKey,
} from '../../../controller/src/adapters/nats/installation.ts';
import { type NatsServer, startNatsServer } from '../../kit/nats-server.ts';
import { watchOutcome } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { connectTrainer, connectWith, connectWitness, refusalsOf } from './clients.ts';

const own = { namespace: 'team-a', trialUid: randomUUID(), attempt: 0 };
const others = {
  attempt: { ...own, attempt: 1 },
  trial: { ...own, trialUid: randomUUID() },
  namespace: { ...own, namespace: 'team-b' },
};

/** The server's refusals arrive before the flush; the library hands them on a moment later. */
async function allRefused(
  subjects: readonly string[],
  refused: ReadonlySet<string>,
): Promise<void> {
  const missing = () => subjects.filter((subject) => !refused.has(`publish ${subject}`));
  await waitFor(() => missing().length === 0, { what: 'all are refused', timeoutMs: 5_000 }).catch(
    () => assert.deepEqual(missing(), []),
  );
}

describe('credentials on a real nats-server', { skip: whyNoTools(), timeout: 120_000 }, () => {
  let server: NatsServer;
  let witness: NatsConnection;
  const open: NatsConnection[] = [];
  const outcome = watchOutcome();

  before(async () => {
    server = await startNatsServer();
    witness = await connectWitness(server);
  });
  afterEach(async () => {
    for (const connection of open.splice(0)) await connection.close();
  });
  after(async () => {
    await witness?.close();
    await server?.stop(outcome);
  });

  const trainer = async (
    ...args: Parameters<typeof connectTrainer> extends [unknown, ...infer R] ? R : never
  ) => {
    const connection = await connectTrainer(server, ...args);
    open.push(connection);
    return connection;
  };

  /** What the witness receives while something is done. */
  const seenDuring = async (act: () => Promise<void>): Promise<string[]> => {
    const seen: string[] = [];
    const subscription = witness.subscribe('>', {
      callback: (_, { subject }) => seen.push(subject),
    });
    await witness.flush();
    await act();
    await witness.flush();
    subscription.unsubscribe();
    return seen;
  };

  test('G13 a trainer publishes on its own subjects and gets answers in its own inbox', async (t) => {
    const connection = await trainer(own);
    const refused = refusalsOf(connection);
    const responder = witness.subscribe(requestSubject(own), {
      callback: (_, message) => message.respond('yes'),
    });
    await witness.flush();
    const allowed = [
      reportSubject(own, 'points'),
      reportSubject(own, 'state'),
      requestSubject(own),
    ];
    const seen = await seenDuring(async () => {
      for (const subject of allowed) connection.publish(subject, '{}');
      await connection.flush();
    });
    assert.deepEqual(seen.sort(), allowed.sort());
    const answer = await connection.request(requestSubject(own), 'may I?', { timeout: 5_000 });
    assert.equal(answer.string(), 'yes');
    responder.unsubscribe();
    assert.deepEqual([...refused], []);
    t.diagnostic(`allowed: ${allowed.length} subjects and the reply; denied 0`);
  });

  test('G13 U17 a trainer publishes on no subject but its own', async (t) => {
    const connection = await trainer(own);
    const refused = refusalsOf(connection);
    const subjects = [
      ...Object.values(others).flatMap((other) => [
        reportSubject(other, 'points'),
        reportSubject(other, 'state'),
        requestSubject(other),
        `${inboxOf(attemptName(other))}.x`,
      ]),
      `${reportSubject(own, 'points')}.more`,
      `${requestSubject(own)}.more`,
      `espalier.m.v1.${own.namespace}.${attemptName(own)}`,
      `espalier.m.v2.${own.namespace}.${attemptName(own)}.points`,
      'espalier.m.v1',
      'espalier.ctl.v1.team-a',
      `${inboxOf('controller')}.x`,
      '$JS.API.INFO',
      '$JS.API.STREAM.LIST',
      '$JS.API.STREAM.NAMES',
      ...['INFO', 'CREATE', 'UPDATE', 'DELETE', 'PURGE', 'MSG.GET', 'MSG.DELETE', 'SNAPSHOT'].map(
        (verb) => `$JS.API.STREAM.${verb}.ESPALIER`,
      ),
      '$JS.API.STREAM.CREATE.OTHER',
      '$JS.API.DIRECT.GET.ESPALIER',
      ...['LIST', 'NAMES', 'CREATE'].map((verb) => `$JS.API.CONSUMER.${verb}.ESPALIER`),
      '$JS.API.CONSUMER.CREATE.ESPALIER.spy',
      '$JS.API.CONSUMER.DURABLE.CREATE.ESPALIER.spy',
      '$JS.API.CONSUMER.MSG.NEXT.ESPALIER.spy',
      '$JS.ACK.ESPALIER.spy.1.1.1.1.0',
      '$JS.FC.ESPALIER.spy.1',
      '$SYS.REQ.SERVER.PING',
      '$SYS.REQ.USER.INFO',
      '$SRV.PING',
    ];
    const seen = await seenDuring(async () => {
      for (const subject of subjects) connection.publish(subject, '{}');
      await connection.flush();
    });
    await allRefused(subjects, refused);
    assert.deepEqual(seen, []);
    for (const subject of subjects) t.diagnostic(`denied: publish ${subject}`);
    t.diagnostic(`denied ${subjects.length} of ${subjects.length}, delivered 0`);
  });

  test('G13 U17 a trainer listens to nothing but its own inbox', async (t) => {
    const connection = await trainer(own);
    const subjects = [
      '>',
      '*',
      '*.>',
      'espalier.>',
      'espalier.m.v1.>',
      `espalier.m.v1.${own.namespace}.>`,
      reportSubject(own, 'points'),
      reportSubject(others.namespace, 'points'),
      'espalier.rpc.v1.>',
      requestSubject(own),
      '_INBOX.>',
      '_INBOX.*',
      '_INBOX.*.>',
      // A UID is unique in the cluster, so a name needs no namespace.
      ...[others.attempt, others.trial].map((other) => `${inboxOf(attemptName(other))}.>`),
      `${inboxOf('controller')}.>`,
      '$JS.>',
      '$JS.EVENT.>',
      '$SYS.>',
      '$SRV.>',
    ];
    const received: string[] = [];
    const codes = new Map<string, string>();
    for (const subject of subjects) {
      connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) received.push(message.subject);
          else codes.set(subject, error.code);
        },
      });
    }
    await connection.flush();
    for (const address of [own, ...Object.values(others)]) {
      witness.publish(reportSubject(address, 'points'), '{}');
      witness.publish(requestSubject(address), '{}');
    }
    await witness.flush();
    const wanted = new Map(subjects.map((subject) => [subject, 'PERMISSIONS_VIOLATION']));
    assert.deepEqual({ codes, received }, { codes: wanted, received: [] });
    for (const subject of subjects) t.diagnostic(`denied: subscribe ${subject}`);
    t.diagnostic(`denied ${subjects.length} of ${subjects.length}, received 0`);
  });

  test('the controller reaches no other stream and publishes no metrics', async (t) => {
    const credentials = await controllerCredentials(server.installation);
    const connection = await connectWith(server, credentials, inboxOf('controller'));
    open.push(connection);
    const refused = refusalsOf(connection);
    const subjects = [
      reportSubject(own, 'points'),
      requestSubject(own),
      ...['CREATE', 'INFO', 'UPDATE', 'DELETE', 'PURGE'].map(
        (verb) => `$JS.API.STREAM.${verb}.OTHER`,
      ),
      '$JS.API.STREAM.DELETE.ESPALIER',
      '$JS.API.STREAM.LIST',
      '$JS.API.STREAM.MSG.GET.ESPALIER',
      '$JS.API.CONSUMER.CREATE.OTHER.x',
      '$JS.API.CONSUMER.DURABLE.CREATE.ESPALIER.x',
      '$SYS.REQ.SERVER.PING',
    ];
    for (const subject of subjects) connection.publish(subject, '{}');
    await connection.flush();
    await allRefused(subjects, refused);
    t.diagnostic(`denied ${subjects.length} of ${subjects.length}`);
  });

  test('the server closes a trainer at the end of its credential, and takes it no more', async () => {
    // A second is the grain of a JWT, so the end lies one to three seconds ahead.
    const expiresMs = Date.now() + 3_000;
    const connection = await trainer(own, expiresMs);
    const events: string[] = [];
    void (async () => {
      for await (const { type, data } of connection.status()) {
        if (type === Events.Error) events.push(String(data));
      }
    })();
    const why = await connection.closed();
    assert.ok(
      [...events, String(why)].some((text) => /AUTHENTICATION_EXPIRED/i.test(text)),
      JSON.stringify([...events, String(why)]),
    );
    assert.ok(Date.now() >= Math.floor(expiresMs / 1000) * 1000 - 1_000);
    // In the very second of its end the server may still let it in, to close it at once.
    const again = await connectTrainer(server, own, expiresMs).then(
      (second) => second.closed(),
      (error: unknown) => error,
    );
    assert.match(String(again), /Expired|Authorization/i);
  });

  test('who has no credential, a foreign one, or no trust in the authority gets no connection', async () => {
    const foreign = await createInstallation(['127.0.0.1']);
    await assert.rejects(
      connectTrainer(server, own, undefined, foreign),
      /AUTHORIZATION_VIOLATION|Authorization/i,
    );
    await assert.rejects(
      connectTrainer({ ...server, installation: { ...server.installation, ca: foreign.ca } }, own),
      /certificate|self.signed|signature/i,
    );
  });

  test('F28 a rotated signing key cuts nobody off until the old one is retired', async () => {
    const before = server.installation;
    const old = await trainer(own);
    const rotated = await rotateTrainerKey(before);
    await server.reload(rotated);
    const young = await trainer(others.trial, undefined, rotated);
    await trainer(others.attempt, undefined, before);
    for (const connection of [old, young]) await connection.flush();
    assert.deepEqual([old.isClosed(), young.isClosed()], [false, false]);

    await server.reload(await retireTrainerKeys(rotated));
    await waitFor(() => old.isClosed(), { what: 'the old key has ended' });
    await young.flush();
    await assert.rejects(connectTrainer(server, own, undefined, before), /Authorization/i);
    await server.reload(before);
  });

  test('a credential lasts as long as its attempt may', () => {
    const deadlines = {
      pending: '15m',
      startup: '45m',
      stall: '1h',
      termination: '5m',
      metrics: '2m',
      cleanup: '10m',
    };
    const minutes = (ms: number) => ms / 60_000;
    assert.equal(
      minutes(attemptExpiryMs({ deadlines: { ...deadlines, run: '2h' } }, 0)),
      4 * 60 + 5,
    );
    assert.equal(minutes(attemptExpiryMs({ deadlines }, 0)), (30 * 24 + 2) * 60 + 5);
  });
});
