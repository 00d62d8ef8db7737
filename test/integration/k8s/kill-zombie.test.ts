import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import type { OwnProcess } from '../../kit/own-process.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import type { EndState } from './end-state.ts';
import { SUBJECT_SCRIPT, type Subject, startSubject } from './fault-subject.ts';
import { holdAt, keyOf, startController } from './kill-kit.ts';
import { applyCrds } from './objects.ts';

/** When the write that the stopped leader had sent arrives. */
type Arrival = 'as the other one begins' | 'when all is over';

interface Case {
  readonly key: string;
  readonly nth?: number;
  readonly arrives: Arrival;
  /** What the API server says to the late write. */
  readonly wantStatus: readonly number[];
  /** The pod that the late write creates a second time. */
  readonly wantTwice?: string;
}

const BEGINS = 'as the other one begins';
const OVER = 'when all is over';

const CASES: readonly Case[] = [
  { key: 'POST trials/sweep-00002', arrives: BEGINS, wantStatus: [201, 409] },
  { key: 'POST trials/sweep-00002', arrives: OVER, wantStatus: [409] },
  { key: 'POST pods/sweep-00001-a0', arrives: BEGINS, wantStatus: [201, 409] },
  {
    key: 'POST pods/sweep-00001-a0',
    arrives: OVER,
    wantStatus: [201],
    wantTwice: 'sweep-00001-a0',
  },
  {
    key: 'POST pods/sweep-00000-a1',
    arrives: OVER,
    wantStatus: [201],
    wantTwice: 'sweep-00000-a1',
  },
  { key: 'PUT trials/sweep-00000/status', nth: 2, arrives: BEGINS, wantStatus: [200, 409] },
  { key: 'PUT trials/sweep-00001/status', nth: 2, arrives: OVER, wantStatus: [409] },
  { key: 'PUT experiments/sweep/status', nth: 2, arrives: OVER, wantStatus: [409] },
  { key: 'DELETE pods/sweep-00001-a0', arrives: OVER, wantStatus: [404] },
  { key: 'PATCH pods/sweep-00001-a0', arrives: BEGINS, wantStatus: [200, 404, 422] },
];

const suite = { skip: whyNoTools(), concurrency: 3 };

describe('a leader that is stopped in the middle of a write', suite, () => {
  const cluster = useCluster({ label: 'zombie' });
  let runs = 0;
  let reference: EndState;
  const proxies: FaultProxy[] = [];

  before(async () => {
    await applyCrds(cluster.plane);
    reference = await undisturbed();
  });
  after(() => Promise.all(proxies.map((proxy) => proxy.close())));

  async function startProxy(): Promise<FaultProxy> {
    const proxy = await startKubeProxy(cluster.plane, { rules: [SUBJECT_SCRIPT] });
    proxies.push(proxy);
    return proxy;
  }

  for (const one of CASES) {
    const what = `${one.key}${one.nth === undefined ? '' : ` (${one.nth})`} arrives ${one.arrives}`;
    test(`F8 G1 G2 G14 it is refused or does no harm: ${what}`, async (context) => {
      const { status, state, late } = await run(one);
      context.diagnostic(`answered ${status}, ${late} more were on their way; harm 0`);
      assert.ok(one.wantStatus.includes(status), String(status));
      assert.deepEqual(state, reference);
    });
  }

  async function undisturbed(): Promise<EndState> {
    const { plane, kwok } = cluster;
    const namespace = `z${runs++}`;
    const proxy = await startProxy();
    const subject = await startSubject({ client: plane.client, kwok, namespace });
    const controller = await startController(plane, { name: namespace, namespace, url: proxy.url });
    await subject.done;
    await controller.stop();
    await subject.close();
    return subject.ended;
  }

  async function run({ key, nth = 1, arrives, wantTwice }: Case): Promise<{
    readonly status: number;
    readonly state: EndState;
    /** Writes that were decided before it stopped and sent when it woke, as on a half-made connection. */
    readonly late: number;
  }> {
    const { plane, kwok } = cluster;
    const namespace = `z${runs++}`;
    const zombies = await startProxy();
    const heirs = await startProxy();
    let subject: Subject | undefined;
    const controllers: OwnProcess[] = [];
    const start = async (name: string, proxy: FaultProxy): Promise<OwnProcess> => {
      const controller = await startController(plane, {
        name: `${namespace}-${name}`,
        namespace,
        url: proxy.url,
        flags: [
          ...[`--lease-namespace=${namespace}`, '--lease-duration=2s'],
          ...['--renew-deadline=1200ms', '--retry-period=250ms'],
        ],
      });
      controllers.push(controller);
      return controller;
    };
    const { rule, gate } = holdAt({ key, nth }, 'before');
    zombies.addRule(rule);
    const late = () => zombies.writes.find(({ faults }) => faults.includes(rule.name ?? ''));
    const settled = () => {
      const names = [...(subject?.witness.pods.keys() ?? [])].filter((name) =>
        name.startsWith('sweep-'),
      );
      return names.length === 1;
    };
    let more = 0;
    /** Pods of orders that were half-made when it stopped: they do the same as the late write may. */
    const alsoMade: string[] = [];
    const arrive = async (zombie: OwnProcess): Promise<void> => {
      const from = zombies.writes.length;
      gate.open();
      await waitFor(() => late()?.serverStatus, { what: 'the late write is answered' });
      zombie.resume();
      assert.equal((await zombie.ended).exitCode, 1, zombie.tail());
      const others = zombies.writes.slice(from).filter(({ path }) => !path.includes('/leases'));
      more = others.length;
      for (const write of others) {
        const [, pod] = /^POST pods\/(.+)$/.exec(keyOf(write)) ?? [];
        if (pod !== undefined && write.serverStatus === 201) alsoMade.push(pod);
      }
    };
    try {
      let zombie: OwnProcess | undefined;
      subject = await startSubject({
        client: plane.client,
        kwok,
        namespace,
        onEnded: async () => {
          if (arrives === OVER && zombie !== undefined) await arrive(zombie);
          await waitFor(settled, { what: 'the pod of the late write is gone again' });
        },
      });
      zombie = await start('zombie', zombies);
      await Promise.race([gate.reached, subject.done]);
      zombie.pause();
      const heir = await start('heir', heirs);
      await waitFor(() => heir.tail(50).includes('"leading"'), { what: 'the other one leads' });
      if (arrives === BEGINS) await arrive(zombie);
      await subject.done;
      const wanted = wantTwice === undefined ? [] : [wantTwice];
      const twice = subject.witness.twice();
      const foreseen = (pod: string) => alsoMade.includes(pod) && !wanted.includes(pod);
      assert.deepEqual(
        twice.filter((pod) => !foreseen(pod)),
        wanted,
      );
      assert.ok(subject.witness.peak('sweep') <= 2);
      assert.equal(subject.witness.pods.size, 0);
      return {
        status: late()?.serverStatus ?? 0,
        state: await subject.ended,
        late: more,
      };
    } catch (error) {
      const logs = controllers.map((controller) => controller.tail(8)).join('\n');
      throw new Error(`${key} ${nth}, ${arrives}: ${String(error)}\n${logs}`, { cause: error });
    } finally {
      for (const controller of controllers) await controller.kill();
      await subject?.close();
    }
  }
});
