import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { attemptName, inboxOf, reportSubject, requestSubject } from '@espalier/api';
import type { NatsConnection } from 'nats';
import { serveRequests } from '../../../controller/src/adapters/nats/request-server.ts';
import { type NatsServer, startNatsServer } from '../../kit/nats-server.ts';
import { watchOutcome } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { connectTrainer, connectWitness } from './clients.ts';
import { addressOf, type Leader, newTrial, startLeader } from './feed-rig.ts';

describe('requests on a real nats-server', { skip: whyNoTools(), timeout: 60_000 }, () => {
  let server: NatsServer;
  let leader: Leader;
  const open: NatsConnection[] = [];
  const outcome = watchOutcome();

  before(async () => {
    server = await startNatsServer();
    leader = await startLeader(server, new Map());
    await waitFor(() => leader.bus.isConnected, { what: 'the leader is connected' });
  });
  afterEach(async () => {
    for (const connection of open.splice(0)) await connection.close();
  });
  after(async () => {
    await leader?.close();
    await server?.stop(outcome);
  });

  test('G13 an answer goes to whoever asked and to nobody else', async (t) => {
    const [own, other] = [addressOf(newTrial()), addressOf(newTrial('team-b'))];
    const trainer = await connectTrainer(server, own);
    const witness = await connectWitness(server);
    open.push(trainer, witness);
    const asked: string[] = [];
    const serving = serveRequests(leader.bus, async (from, text) => {
      asked.push(text);
      if (text === 'fail') throw new Error('no');
      return `${from.namespace}/${from.trialUid}-${from.attempt}: ${text}`;
    });
    const ask = (text: string) =>
      waitFor(() => trainer.request(requestSubject(own), text, { timeout: 1_000 }), {
        what: 'an answer',
        timeoutMs: 10_000,
      });
    assert.equal((await ask('hello')).string(), `team-a/${attemptName(own)}: hello`);

    const seen: string[] = [];
    witness.subscribe('>', { callback: (_, { subject }) => seen.push(subject) });
    await witness.flush();
    const inbox = inboxOf(attemptName(own));
    const forged = [
      reportSubject(other, 'points'),
      requestSubject(other),
      `${inboxOf(attemptName(other))}.x`,
      `${inboxOf('controller')}.x`,
      '$JS.API.STREAM.PURGE.ESPALIER',
      '$JS.API.STREAM.DELETE.ESPALIER',
      inbox,
      `${inbox}x.y`,
      `${inbox}.*`,
      `${inbox}.>`,
      `${inbox}..x`,
    ];
    const before = serving.counts.refused;
    for (const reply of forged) {
      witness.publish(requestSubject(own), 'forged', { reply });
    }
    witness.publish(`${requestSubject(own)}.more`, 'forged', { reply: `${inbox}.x` });
    witness.publish(requestSubject(own), 'x'.repeat(1 << 17), { reply: `${inbox}.x` });
    witness.publish(requestSubject(own), 'no reply');
    const count = forged.length + 3;
    await waitFor(() => serving.counts.refused === before + count, {
      what: `${count} forged requests are refused`,
    });
    await witness.flush();
    assert.deepEqual(
      forged.filter((reply) => seen.includes(reply)),
      [],
    );
    assert.deepEqual((await ask('fail')).json(), { kind: 'later' });
    assert.equal(asked.includes('forged'), false);
    serving.stop();
    t.diagnostic(`forged ${count}, refused ${count}, answered elsewhere 0`);
  });

  test('F10 requests are answered again after the server was killed', async () => {
    const own = addressOf(newTrial());
    const serving = serveRequests(leader.bus, async (_, text) => text);
    await server.kill();
    await server.start();
    const trainer = await connectTrainer(server, own);
    open.push(trainer);
    const answer = await waitFor(
      () => trainer.request(requestSubject(own), 'still there?', { timeout: 500 }),
      { what: 'an answer' },
    );
    assert.equal(answer.string(), 'still there?');
    serving.stop();
    await leader.bus.whenConnected(AbortSignal.timeout(5_000));
    await assert.rejects(trainer.request(requestSubject(own), 'and now?', { timeout: 300 }));
  });
});
