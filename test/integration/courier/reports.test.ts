import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { after, before, describe, type TestContext, test } from 'node:test';
import { STREAM } from '../../../controller/src/adapters/nats/permissions.ts';
import type { Courier } from '../../../courier/src/courier.ts';
import { type NatsServer, startNatsServer } from '../../kit/nats-server.ts';
import { startTcpProxy, type TcpProxy } from '../../kit/tcp-proxy.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { connectWitness } from '../nats/clients.ts';
import {
  type LeadingStreams,
  leadStreams,
  type Scene,
  StaticCluster,
} from '../nats/streams-rig.ts';
import { ALL_ARRIVED, Attempt } from './attempt.ts';

/** A third of the points is reported before the fault, a third meanwhile, a third afterwards. */
const ALL_SIZES = process.env['ESPALIER_TEST_ALL'] === '1';
const THIRD = ALL_SIZES ? 100_000 : 2_000;

interface Rig {
  readonly server: NatsServer;
  readonly proxy: TcpProxy;
  readonly attempt: Attempt;
  /** Another controller takes over, who knows only what is in the stream. */
  changeLeader(): Promise<void>;
  folded(): number;
}

interface Fault {
  readonly strike: (rig: Rig) => Promise<unknown>;
  readonly heal?: (rig: Rig) => Promise<unknown>;
}

const FAULTS: Record<string, Fault> = {
  'F11 the server is killed and comes back': {
    strike: ({ server }) => server.kill(),
    heal: ({ server }) => server.start(),
  },
  'F10 the server hangs for a while': {
    strike: async ({ server }) => server.pause(),
    heal: async ({ server, attempt }) => {
      // The long way: until the courier takes the connection for dead.
      if (ALL_SIZES) {
        await waitFor(() => attempt.said.some((line) => line.includes('has gone away')), {
          what: 'the courier has noticed',
        });
      }
      server.resume();
    },
  },
  'F10 every connection is cut, and new ones are refused': {
    strike: async ({ proxy }) => {
      proxy.set({ refusing: true });
      proxy.cutAll();
    },
    heal: async ({ proxy }) => proxy.set({ refusing: false }),
  },
  'F12 the server loses what it had acked, and the leader changes': {
    strike: async ({ server, folded, attempt }) => {
      await waitFor(() => folded() === attempt.points, { what: 'all so far is folded' });
      await server.kill();
      // Back to the state before any report.
      rmSync(server.storeFolder, { recursive: true });
      cpSync(`${server.storeFolder}.before`, server.storeFolder, { recursive: true });
      await server.start();
    },
    heal: ({ changeLeader }) => changeLeader(),
  },
  'F13 the stream is deleted, and the leader changes': {
    strike: async ({ server }) => {
      const witness = await connectWitness(server);
      await (await witness.jetstreamManager()).streams.delete(STREAM);
      await witness.close();
    },
    heal: ({ changeLeader }) => changeLeader(),
  },
  'F13 the stream is purged, and the leader changes': {
    strike: async ({ server, folded, attempt }) => {
      await waitFor(() => folded() === attempt.points, { what: 'all so far is folded' });
      const witness = await connectWitness(server);
      await (await witness.jetstreamManager()).streams.purge(STREAM);
      await witness.close();
    },
    heal: ({ changeLeader }) => changeLeader(),
  },
};

describe('a report on its way over a real nats-server', { skip: whyNoTools() }, () => {
  let server: NatsServer;
  let proxy: TcpProxy;
  let leader: LeadingStreams;
  const cluster = new StaticCluster();
  const attempts: Attempt[] = [];

  before(async () => {
    server = await startNatsServer({ started: false });
    proxy = await startTcpProxy({ port: server.port });
  });
  after(async () => {
    await leader?.stop();
    await proxy?.close();
    await server?.stop();
    for (const attempt of attempts) attempt.remove();
  });

  const lead = async (scene: Scene): Promise<void> => {
    await leader?.stop();
    leader = await leadStreams(cluster, { nats: server });
    const { metadata } = scene.experiment;
    leader.feed.follow({
      experimentUid: metadata.uid,
      trialUid: scene.trialUid,
      namespace: scene.namespace,
      trialName: scene.trial.metadata.name,
      metric: 'acc',
      goal: 'maximize',
      resource: 'step',
      milestones: [],
    });
  };
  const newAttempt = async (scene: Scene): Promise<Attempt> => {
    const { namespace, trialUid } = scene;
    const attempt = new Attempt({ namespace, trialUid, attempt: 0 });
    attempts.push(attempt);
    await attempt.provide(server);
    return attempt;
  };
  /** Waits for the courier and proves that the fold is exactly what was reported. */
  const prove = async (t: TestContext, attempt: Attempt, courier: Courier): Promise<void> => {
    assert.deepEqual(await courier.finish(), ALL_ARRIVED, attempt.said.join('\n'));
    const view = leader.feed.view(attempt.address.trialUid);
    const { points = 0, complete } = view ?? {};
    t.diagnostic(
      `sent ${attempt.points}, folded ${points}, lost ${attempt.points - points}, ` +
        `digest ${complete ? 'right' : 'WRONG'}`,
    );
    assert.equal(points, attempt.points);
    assert.equal(complete, true);
  };

  test('F10 NATS and the controller come up long after the attempt began', async (t) => {
    const scene = cluster.add();
    const attempt = await newAttempt(scene);
    const courier = attempt.courier(proxy.port);
    courier.start();
    attempt.begin();
    attempt.report(THIRD);
    const before = process.memoryUsage.rss();
    await waitFor(() => attempt.said.some((line) => line.includes('cannot be reached')), {
      what: 'the courier has noticed',
    });
    attempt.report(THIRD);
    await server.start();
    attempt.report(THIRD);
    await waitFor(() => proxy.connections.total > 1, { what: 'it has tried again' });
    await lead(scene);
    cpSync(server.storeFolder, `${server.storeFolder}.before`, { recursive: true });
    attempt.finish();
    await prove(t, attempt, courier);
    t.diagnostic(`resident memory grew by ${(process.memoryUsage.rss() - before) >> 20} MiB`);
  });

  test('a courier that begins again sends only what has not arrived', async (t) => {
    const scene = cluster.add();
    await lead(scene);
    const attempt = await newAttempt(scene);
    attempt.begin();
    attempt.report(3 * THIRD);
    const witness = await connectWitness(server);
    t.after(() => witness.close());
    const manager = await witness.jetstreamManager();
    const messages = async () => (await manager.streams.info(STREAM)).state.messages;
    const before = await messages();
    assert.deepEqual(await attempt.courier(proxy.port).finish(), ALL_ARRIVED);
    const first = (await messages()) - before;
    attempt.report(100);
    attempt.finish();
    await prove(t, attempt, attempt.courier(proxy.port));
    const second = (await messages()) - before - first;
    t.diagnostic(`messages of the first ${first}, of the second ${second}`);
    assert.ok(first > 3);
    assert.equal(second, 3, 'the first line, the new points, the last line');
  });

  test('F28 a credential that expires is replaced as it runs: G6 every point is folded once', async (t) => {
    const scene = cluster.add();
    await lead(scene);
    const attempt = await newAttempt(scene);
    await attempt.provide(server, Date.now() + 3_000);
    const courier = attempt.courier(proxy.port);
    courier.start();
    attempt.begin();
    attempt.report(THIRD);
    await waitFor(() => (leader.feed.view(scene.trialUid)?.points ?? 0) > 0, {
      what: 'the first points are folded',
    });
    await waitFor(() => attempt.said.some((line) => line.includes('has gone away')), {
      what: 'the server has closed the connection',
    });
    attempt.report(THIRD);
    await attempt.provide(server);
    attempt.report(THIRD);
    attempt.finish();
    await prove(t, attempt, courier);
  });

  for (const [title, { strike, heal }] of Object.entries(FAULTS)) {
    test(`${title}: G6 every point is folded once`, async (t) => {
      const scene = cluster.add();
      await lead(scene);
      const attempt = await newAttempt(scene);
      const rig: Rig = {
        server,
        proxy,
        attempt,
        changeLeader: () => lead(scene),
        folded: () => leader.feed.view(scene.trialUid)?.points ?? 0,
      };
      const courier = attempt.courier(proxy.port);
      courier.start();
      attempt.begin();
      attempt.report(THIRD);
      await waitFor(() => rig.folded() > 0, { what: 'the first points are folded' });
      await strike(rig);
      attempt.report(THIRD);
      await heal?.(rig);
      attempt.report(THIRD);
      attempt.finish();
      await prove(t, attempt, courier);
    });
  }
});
