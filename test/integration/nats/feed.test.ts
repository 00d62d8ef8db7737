import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  addToDigest,
  EMPTY_DIGEST,
  formatDigest,
  type Point,
  type ReportLine,
  reportSubject,
} from '@espalier/api';
import fc from 'fast-check';
import type { NatsConnection } from 'nats';
import { emptyFold, foldLine } from '../../../controller/src/domain/trial/feed-fold.ts';
import { viewOf } from '../../../controller/src/domain/trial/feed-trajectory.ts';
import { observationOf } from '../../../controller/src/domain/trial/observation.ts';
import type { PodView } from '../../../controller/src/domain/trial/pod-view.ts';
import type { FeedInterest } from '../../../controller/src/ports/metrics-feed.ts';
import { type NatsServer, startNatsServer } from '../../kit/nats-server.ts';
import { watchOutcome } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { connectTrainer, connectWitness } from './clients.ts';
import {
  addressOf,
  endedAt,
  type Leader,
  newTrial,
  podOf,
  realClock,
  SMALL_LIMITS,
  send,
  startLeader,
  stateOf,
} from './feed-rig.ts';

const point = (seq: number, acc = seq / 1000): Point => ({
  seq,
  step: seq * 10,
  epoch: seq + 1,
  values: { acc, loss: 1 - acc },
  time: 0,
});
const points = (...list: Point[]): ReportLine => ({ kind: 'points', points: list });
const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => point(from + i));
const finished = (list: readonly Point[]): ReportLine => ({
  kind: 'finished',
  time: 0,
  lastSeq: list.at(-1)?.seq ?? -1,
  digest: formatDigest(list.reduce(addToDigest, EMPTY_DIGEST)),
});

describe('the metrics feed on a real nats-server', { skip: whyNoTools(), timeout: 180_000 }, () => {
  let server: NatsServer;
  let witness: NatsConnection;
  const pods = new Map<string, PodView[]>();
  const leaders: Leader[] = [];
  const outcome = watchOutcome();

  before(async () => {
    server = await startNatsServer();
    witness = await connectWitness(server);
  });
  afterEach(async () => {
    for (const leader of leaders.splice(0)) await leader.close();
    pods.clear();
  });
  after(async () => {
    await witness?.close();
    await server?.stop(outcome);
  });

  const lead = async (options?: Parameters<typeof startLeader>[2]): Promise<Leader> => {
    const leader = await startLeader(server, pods, options);
    leaders.push(leader);
    return leader;
  };
  const caughtUp = async (...all: Leader[]): Promise<void> => {
    for (const { feed } of all) {
      await waitFor(() => feed.isCaughtUp, { what: 'the feed has read the stream' });
    }
  };
  const follow = (trial: FeedInterest, ...all: Leader[]): void => {
    for (const { feed } of all) feed.follow(trial);
  };
  const reported = (leader: Leader, trial: FeedInterest, count: number) =>
    waitFor(() => leader.feed.view(trial.trialUid)?.points === count, {
      what: `${count} points are folded`,
    });
  /** A new leader, and a new trial that it follows. */
  const following = async (): Promise<{ leader: Leader; trial: FeedInterest }> => {
    const leader = await lead();
    await caughtUp(leader);
    const trial = newTrial();
    pods.set(trial.trialUid, [podOf(trial)]);
    follow(trial, leader);
    return { leader, trial };
  };
  /** The same, once the first points are folded. */
  const reporting = async (count: number): Promise<{ leader: Leader; trial: FeedInterest }> => {
    const { leader, trial } = await following();
    await send(witness, addressOf(trial), points(...range(0, count)));
    await reported(leader, trial, count);
    return { leader, trial };
  };
  const reconnectWitness = async (): Promise<void> => {
    await witness.close();
    witness = await connectWitness(server);
  };

  test('G6 U12 a trainer is heard while it runs, and complete with its last word', async (t) => {
    const { leader, trial } = await following();
    const told: string[] = [];
    leader.feed.onChange((uid) => told.push(uid));
    const trainer = await connectTrainer(server, addressOf(trial));
    await send(trainer, addressOf(trial), {
      kind: 'started',
      time: 0,
      firstSeq: 0,
      resumedStep: 0,
    });
    await send(trainer, addressOf(trial), points(...range(0, 3)));
    await reported(leader, trial, 3);
    const live = leader.feed.view(trial.trialUid);
    assert.deepEqual([live?.complete, live?.best?.value, told[0]], [false, 0.002, trial.trialUid]);
    await send(trainer, addressOf(trial), finished(range(0, 3)));
    await waitFor(() => leader.feed.view(trial.trialUid)?.complete, { what: 'it is complete' });
    await trainer.close();
    t.diagnostic(`sent 3 points, folded 3, lost 0; replays ${leader.feed.counts.replays}`);
  });

  test('G6 F14 F26 duplicates, any order and a second feed give one state', async (t) => {
    const [one, two] = [await lead(), await lead()];
    await caughtUp(one, two);
    let sent = 0;
    const anyLines = fc
      .array(fc.record({ from: fc.nat(6), values: fc.array(anyValue, { maxLength: 8 }) }), {
        minLength: 1,
        maxLength: 3,
      })
      .map((attempts) =>
        attempts.flatMap(({ from, values }, attempt): [number, ReportLine][] => {
          const firstSeq = attempt === 0 ? 0 : from;
          return [
            [attempt, { kind: 'started', time: 0, firstSeq, resumedStep: 0 }],
            ...values.map((value, i): [number, ReportLine] => [
              attempt,
              points(point(firstSeq + i, value)),
            ]),
            [attempt, finished(values.map((value, i) => point(firstSeq + i, value)))],
          ];
        }),
      );
    const anyDelivery = anyLines.chain((lines) =>
      fc.record({
        lines: fc.constant(lines),
        order: fc.shuffledSubarray([...lines, ...lines], { minLength: lines.length }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(anyDelivery, async ({ lines, order }) => {
        const trial = newTrial();
        const last = Math.max(...lines.map(([attempt]) => attempt));
        pods.set(
          trial.trialUid,
          Array.from({ length: last + 1 }, (_, attempt) => podOf(trial, attempt)),
        );
        follow(trial, one, two);
        const fold = emptyFold(trial);
        for (const [attempt, line] of order) foldLine(fold, attempt, line, 0);
        const want = stateOf(viewOf(fold, last));
        await Promise.all(
          order.map(([attempt, line]) => send(witness, addressOf(trial, attempt), line)),
        );
        sent += order.length;
        const marker = newTrial();
        pods.set(marker.trialUid, [podOf(marker)]);
        follow(marker, one, two);
        await send(witness, addressOf(marker), points(point(0)));
        for (const leader of [one, two]) {
          await reported(leader, marker, 1);
          assert.deepEqual(stateOf(leader.feed.view(trial.trialUid)), want);
          for (const { trialUid } of [trial, marker]) leader.feed.forget(trialUid);
        }
      }),
      { numRuns: process.env['ESPALIER_TEST_ALL'] === '1' ? 500 : 40 },
    );
    // A third feed, which comes after all of it, has the same messages to read.
    const folded = [one, two].map(({ feed }) => feed.counts.folded);
    assert.equal(folded[0], folded[1]);
    t.diagnostic(`messages sent ${sent}, folded by each of two feeds ${folded[0]}, differences 0`);
  });

  test('F14 hostile messages are counted, change nothing and stop nobody', async (t) => {
    const leader = await lead();
    await caughtUp(leader);
    const trial = newTrial();
    const foreign = newTrial();
    const now = Date.now();
    const ended = podOf(trial, 0, { createdMs: now - 4e6, end: endedAt(now - 3e6) });
    pods.set(trial.trialUid, [ended, podOf(trial, 1)]);
    follow(trial, leader);
    const subject = reportSubject(addressOf(trial, 1), 'points');
    const raw = (json: string) =>
      `{"kind":"points","points":[{"seq":0,"step":0,"epoch":0,"time":0,"values":{${json}}}]}`;
    const before = { ...leader.feed.counts.refused };
    const hostile: readonly (readonly [string, string, string])[] = [
      ['payload', subject, ''],
      ['payload', subject, '{'],
      ['payload', subject, 'null'],
      ['payload', subject, '\u0000\ufffd'],
      ['payload', subject, '[]'.repeat(100_000)],
      ['payload', subject, '['.repeat(200_000)],
      ['payload', subject, raw('"acc":1e999')],
      ['payload', subject, raw('"acc":NaN')],
      ['payload', subject, raw('"acc":"high"')],
      ['payload', subject, raw(`"${'x'.repeat(1 << 16)}":1`)],
      ['payload', subject, raw('').replace('"seq":0', '"seq":9007199254740993')],
      ['payload', subject, raw('').replace('"seq":0', '"seq":-1')],
      ['payload', subject, raw('').replace('"seq":0', '"seq":0.5')],
      ['payload', subject, JSON.stringify(finished([]))],
      ['payload', reportSubject(addressOf(trial, 1), 'state'), raw('"acc":1')],
      ['late', reportSubject(addressOf(trial, 0), 'points'), raw('"acc":1')],
      ['attempt', reportSubject(addressOf(trial, 2), 'points'), raw('"acc":1')],
      ['attempt', reportSubject(addressOf(trial, 9_999_999), 'points'), raw('"acc":1')],
      [
        'namespace',
        reportSubject({ ...addressOf(trial, 1), namespace: 'evil' }, 'points'),
        raw('"acc":1'),
      ],
      ['trial', reportSubject(addressOf(foreign), 'points'), raw('"acc":1')],
      ['subject', `espalier.m.v1.team-a.${trial.trialUid}.points`, raw('"acc":1')],
      ['subject', `espalier.m.v1.team-a.${trial.trialUid}-01.points`, raw('"acc":1')],
      ['subject', `espalier.m.v1.team-a.${trial.trialUid.toUpperCase()}-1.points`, raw('"acc":1')],
      ['subject', `${subject}.more`, raw('"acc":1')],
      ['subject', 'espalier.m.v1.x', raw('"acc":1')],
    ];
    for (const [, on, text] of hostile) await witness.jetstream().publish(on, text);
    // What is allowed but is no number never becomes best (K7).
    await witness.jetstream().publish(subject, raw('"acc":"NaN","loss":"-Infinity"'));
    await send(witness, addressOf(trial, 1), points(point(1, 0.5)));
    await reported(leader, trial, 2);
    const view = leader.feed.view(trial.trialUid);
    assert.equal(view?.best?.value, 0.5);
    const want: Record<string, number> = { ...before };
    for (const [why] of hostile) want[why] = (want[why] ?? 0) + 1;
    assert.deepEqual(leader.feed.counts.refused, want);
    t.diagnostic(`hostile ${hostile.length}, refused ${hostile.length}, wrong 0`);
  });

  test('G6 F26 a new leader reads what the old one read, also for trials it hears of late', async (t) => {
    const old = await lead();
    await caughtUp(old);
    const trials = Array.from({ length: 20 }, () => newTrial());
    for (const trial of trials) {
      pods.set(trial.trialUid, [podOf(trial)]);
      follow(trial, old);
      await send(witness, addressOf(trial), points(...range(0, 50)));
    }
    for (const trial of trials) await reported(old, trial, 50);
    const young = await lead();
    // It follows one after the other, while the stream is being read and after that.
    const [early, ...late] = trials;
    follow(early as FeedInterest, young);
    await caughtUp(young);
    for (const trial of late) {
      follow(trial, young);
      assert.equal(young.feed.view(trial.trialUid)?.points, 0, 'a part looks like a worse result');
    }
    await caughtUp(young);
    for (const { trialUid } of trials) {
      assert.deepEqual(stateOf(young.feed.view(trialUid)), stateOf(old.feed.view(trialUid)));
    }
    t.diagnostic(`points sent ${trials.length * 50}, replays ${young.feed.counts.replays}, lost 0`);
    assert.ok(young.feed.counts.replays <= 3);
  });

  test('F10 F11 a server that is killed and starts again loses no point', async (t) => {
    const { leader, trial } = await reporting(100);
    await server.kill();
    await waitFor(() => !leader.bus.isConnected, { what: 'the leader has noticed' });
    assert.equal(leader.feed.view(trial.trialUid)?.points, 100);
    await server.start();
    await reconnectWitness();
    await send(witness, addressOf(trial), points(...range(100, 200)));
    await send(witness, addressOf(trial), finished(range(0, 200)));
    await waitFor(() => leader.feed.view(trial.trialUid)?.complete, { what: 'it is complete' });
    assert.equal(leader.feed.view(trial.trialUid)?.points, 200);
    assert.deepEqual(leader.losses, []);
    t.diagnostic('points sent 200, folded 200, lost 0, losses told 0');
  });

  test('F10 a server that hangs is noticed, and nothing of the time is missed after it', async (t) => {
    const { leader, trial } = await reporting(10);
    server.pause();
    // These lie in its socket, as those of a trainer that does not wait would.
    const sending = range(10, 50).map((one) => send(witness, addressOf(trial), points(one)));
    await waitFor(() => !leader.feed.isCaughtUp, { what: 'the feed misses its heartbeats' });
    server.resume();
    await Promise.all(sending);
    await reported(leader, trial, 50);
    await caughtUp(leader);
    assert.deepEqual(leader.losses, []);
    t.diagnostic('points sent 50, folded 50, lost 0, losses told 0');
  });

  test('F12 G7 a stream that went back in time is noticed, and read anew', async (t) => {
    const { cp, rm } = await import('node:fs/promises');
    const { leader, trial } = await reporting(10);
    const copy = server.folder.file('copy');
    await server.kill();
    await cp(server.storeFolder, copy, { recursive: true });
    await server.start();
    await reconnectWitness();
    for (const one of range(10, 20)) await send(witness, addressOf(trial), points(one));
    await reported(leader, trial, 20);
    await server.kill();
    await rm(server.storeFolder, { recursive: true });
    await cp(copy, server.storeFolder, { recursive: true });
    await server.start();
    await reconnectWitness();
    // The trainer sends the rest: the numbers that the stream gives out now were given out before.
    for (const one of range(20, 40)) await send(witness, addressOf(trial), points(one));
    await reported(leader, trial, 40);
    assert.deepEqual(
      leader.losses.map(([loss]) => loss),
      ['regressed'],
    );
    t.diagnostic('points sent 40, folded 40, lost 0; the loss of 10 messages was told once');
  });

  test('F13 G7 a stream that is deleted is made anew, and one that is purged is noticed', async (t) => {
    const { leader, trial } = await reporting(10);
    const manager = await witness.jetstreamManager();
    await manager.streams.delete('ESPALIER');
    await waitFor(() => leader.losses.some(([loss]) => loss === 'recreated'), {
      what: 'it is told',
    });
    await caughtUp(leader);
    await send(witness, addressOf(trial), points(...range(10, 20)));
    await reported(leader, trial, 20);
    leader.feed.discard([addressOf(trial)]);
    await waitFor(() => leader.feed.counts.purged > 0, { what: 'it is purged' });
    const own = leader.feed.counts.purged;
    await send(witness, addressOf(trial), points(...range(20, 30)));
    await send(witness, addressOf(trial), points(...range(30, 40)));
    await reported(leader, trial, 40);
    const before = leader.losses.length;
    await manager.streams.purge('ESPALIER');
    await waitFor(() => leader.losses.length > before, { what: 'the purge is told' });
    assert.deepEqual(leader.losses, [
      ['recreated', 0],
      ['removed', 2],
    ]);
    t.diagnostic(
      `own purge ${own} message, told 0; foreign purge 2 messages, told 2; points 40 of 40`,
    );
  });

  test('F13 F26 the next leader takes a stream that the server has room for only once', async () => {
    const first = await lead();
    await caughtUp(first);
    const next = await lead();
    await caughtUp(next);
    const manager = await witness.jetstreamManager();
    const { config, created } = await manager.streams.info('ESPALIER');
    assert.ok(2 * config.max_bytes > 256 * 2 ** 20, 'twice the stream is more than the server has');
    await next.bus.ensureStream({ ...SMALL_LIMITS, maxMessagesPerSubject: 1000 });
    const changed = await manager.streams.info('ESPALIER');
    assert.equal(changed.config.max_msgs_per_subject, 1000);
    assert.equal(changed.created, created, 'it is the same stream');
  });

  test('F13 a stream that does not fit is an error that passes by itself, never a crash', async () => {
    const manager = await witness.jetstreamManager();
    await manager.streams.delete('ESPALIER');
    const leader = await lead({ limits: { ...SMALL_LIMITS, maxBytes: 2 ** 40 } });
    await waitFor(() => leader.bus.isConnected, { what: 'it is connected' });
    await assert.rejects(
      leader.bus.ensureStream({ ...SMALL_LIMITS, maxBytes: 2 ** 40 }),
      /cannot make the stream: insufficient storage/,
    );
    await assert.rejects(leader.bus.purge('espalier.m.v1.>'), /cannot purge .*stream not found/);
    assert.equal(leader.feed.isCaughtUp, false);
    await leader.bus.ensureStream(SMALL_LIMITS);
  });

  test('F10 G5 while the server is away, nobody is ended for silence, and last words count', async () => {
    let nowMs = Date.now();
    const clock = { ...realClock, now: () => nowMs };
    await server.kill();
    const leader = await lead({ clock });
    const trial = newTrial();
    const startedMs = nowMs;
    const pod = podOf(trial, 0, { startedMs });
    pods.set(trial.trialUid, [pod]);
    follow(trial, leader);
    assert.equal(leader.feed.view(trial.trialUid)?.lastReportMs, undefined);
    nowMs += 3600_000;
    assert.equal(leader.feed.view(trial.trialUid)?.lastReportMs, nowMs);
    pods.set(trial.trialUid, [{ ...pod, end: endedAt(nowMs) }]);
    const message = JSON.stringify({ step: 3, epoch: 1, values: { acc: 0.25 } });
    const objective = { metric: 'acc', goal: 'maximize', report: 'best' } as const;
    const view = leader.feed.view(trial.trialUid);
    assert.equal(observationOf([objective], view, undefined, message)?.value, 0.25);
    pods.set(trial.trialUid, [pod]);
    await server.start();
    await reconnectWitness();
    await caughtUp(leader);
    assert.equal(leader.feed.view(trial.trialUid)?.lastReportMs, nowMs, 'until the outage ended');
  });
});

const anyValue = fc.oneof(
  fc.constantFrom(Number.NaN, Infinity, -Infinity, 0.5),
  // JSON knows no -0.
  fc.double({ noNaN: true, min: -1, max: 1 }).map((value) => value + 0),
);
