import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { ServerClock } from '../../../controller/src/adapters/k8s/server-clock.ts';
import type { Clock } from '../../../controller/src/ports/telemetry.ts';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import type { EndState } from './end-state.ts';
import { SUBJECT_SCRIPT, startSubject } from './fault-subject.ts';
import { startController } from './kill-kit.ts';
import {
  applyCrds,
  createExperiment,
  experimentEnded,
  experimentsPath,
  trialsIn,
} from './objects.ts';
import { realClock, startProgram, tokenAccess } from './program.ts';

const HOUR_MS = 3_600_000;
const LEASE = { durationMs: 2_000, renewDeadlineMs: 1_200, retryPeriodMs: 250 };
const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

/** What the wall clock does when the third trial's pod is created: both pods after it see it. */
interface Skew {
  readonly name: string;
  readonly fromStartMs?: number;
  readonly jumpMs?: number;
  /** Seconds of the wall clock in a second, after the jump. */
  readonly rate?: number;
}

// The shortest deadline that could pass by mistake is `startup`, 45 minutes.
const SKEWS: readonly Skew[] = [
  { name: 'jumps an hour ahead', jumpMs: HOUR_MS },
  { name: 'jumps an hour back', jumpMs: -HOUR_MS },
  { name: 'is an hour ahead from the start', fromStartMs: HOUR_MS },
  { name: 'is an hour late from the start', fromStartMs: -HOUR_MS },
  { name: 'runs 5,000 times too fast', rate: 5_000 },
  { name: 'stands still', rate: 0 },
];

describe('a controller whose clock is wrong', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'clock' });
  let runs = 0;
  let proxy: FaultProxy;
  let reference: EndState;

  before(async () => {
    await applyCrds(cluster.plane);
    proxy = await startKubeProxy(cluster.plane, { rules: [SUBJECT_SCRIPT] });
    reference = (await run((namespace) => inProcess(namespace, realClock))).state;
  });
  after(() => proxy?.close());

  interface Outcome {
    readonly state: EndState;
    readonly log: string;
  }

  /** A controller that runs; what it logged comes with its end. */
  type Start = (namespace: string) => Promise<() => Promise<string>>;

  /** Runs the subject, and beside it a trial whose deadline does pass. */
  async function run(start: Start, jump: () => void = () => {}): Promise<Outcome> {
    const { client } = cluster.plane;
    const namespace = `c${runs++}`;
    const lift = proxy.addRule({
      match: { methods: ['POST'], path: /\/pods$/, body: /"name":"sweep-00002-a0"/ },
      fault: { kind: 'act', point: 'before', run: async () => jump() },
      times: 1,
    });
    const subject = await startSubject({
      client,
      kwok: cluster.kwok,
      namespace,
      onEnded: async () => {
        await createExperiment(client, namespace, 'late', { deadlines: { run: '1s' } });
        await experimentEnded(client, namespace, 'late', 20_000);
        const [late] = (await trialsIn(client, namespace)).filter(({ metadata }) =>
          metadata.name.startsWith('late-'),
        );
        assert.equal(late?.status?.reason, 'DeadlineExceeded');
        assert.equal(late?.status?.attempts.length, 1);
        await client.remove(experimentsPath(namespace, 'late'));
      },
    });
    const stop = await start(namespace);
    try {
      await subject.done;
      assert.deepEqual(subject.faults(), []);
      return { state: await subject.ended, log: await stop() };
    } finally {
      await stop();
      await subject.close();
      lift();
    }
  }

  const inProcess = async (namespace: string, clock: Clock) => {
    const program = startProgram(tokenAccess(cluster.plane, proxy.url), {
      namespaces: [namespace],
      clock,
      lease: { namespace, name: 'l', ...LEASE },
      ...(clock instanceof ServerClock
        ? { onServerDate: (date, roundTripMs) => clock.observe(date, roundTripMs) }
        : {}),
    });
    return async () => {
      await program.stop();
      return program.log.lines.map(({ message }) => message).join('\n');
    };
  };

  for (const skew of SKEWS) {
    test(`F9 G5 a wall clock that ${skew.name} moves no deadline and loses no lease`, async (context) => {
      const { clock, jump } = wrongClock(skew);
      const { state, log } = await run(
        (namespace) => inProcess(namespace, new ServerClock(clock)),
        jump,
      );
      assert.deepEqual(state, reference);
      assert.doesNotMatch(log, /lease lost/);
      context.diagnostic('trials ended by mistake 0, leases lost 0, deadlines missed 0');
    });
  }

  for (const jump of ['+1h', '-1h']) {
    const skip = existsSync(LIBRARY)
      ? false
      : 'libfaketime is missing: apt-get install libfaketime';
    test(`F9 G5 the program goes on as before when its wall clock is set by ${jump}`, {
      skip,
    }, async (context) => {
      const file = cluster.plane.folder.file(`faketime${jump}`);
      writeFileSync(file, '+0');
      const { state, log } = await run(
        (namespace) => inProgram(namespace, file),
        () => writeFileSync(file, jump),
      );
      assert.deepEqual(state, reference);
      assert.match(log, /clock is off/);
      assert.doesNotMatch(log, /lease lost/);
      context.diagnostic('trials ended by mistake 0, leases lost 0, deadlines missed 0');
    });
  }

  /** The program, with a wall clock that a file sets; timers and the monotonic clock stay real. */
  const inProgram = async (namespace: string, file: string) => {
    const controller = await startController(cluster.plane, {
      name: namespace,
      namespace,
      url: proxy.url,
      flags: [
        ...[`--lease-namespace=${namespace}`, '--lease-duration=2s'],
        ...['--renew-deadline=1200ms', '--retry-period=250ms'],
      ],
      env: {
        LD_PRELOAD: LIBRARY,
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
    return async () => {
      await controller.stop();
      return controller.tail(1_000);
    };
  };
});

/** The real time, spoiled. The monotonic clock is not: it cannot be set. */
function wrongClock({ fromStartMs = 0, jumpMs = 0, rate = 1 }: Skew): {
  readonly clock: Clock;
  readonly jump: () => void;
} {
  let jumpedAtMs: number | undefined;
  const now = (): number => {
    const passedMs = jumpedAtMs === undefined ? 0 : performance.now() - jumpedAtMs;
    const extraMs = jumpedAtMs === undefined ? 0 : jumpMs + passedMs * (rate - 1);
    return realClock.now() + fromStartMs + extraMs;
  };
  return {
    clock: { ...realClock, now },
    jump: () => {
      jumpedAtMs ??= performance.now();
    },
  };
}
