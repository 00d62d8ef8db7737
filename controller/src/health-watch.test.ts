import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HealthWatch } from './health-watch.ts';
import { FakeClock } from './runtime/testing/fake-clock.ts';
import { recordingLog } from './runtime/testing/quiet.ts';

function watching() {
  const clock = new FakeClock();
  const log = recordingLog();
  const world = { unheardSinceMs: undefined as number | undefined, store: 'up', told: 0 };
  const health = new HealthWatch({
    clock,
    log,
    unheardSinceMs: () => world.unheardSinceMs,
    isConnected: () => false,
    useStore: async () => {
      if (world.store === 'down') throw new Error('cannot head x: 503; check the store');
    },
  });
  health.onChange(() => {
    world.told += 1;
  });
  const stop = new AbortController();
  const done = health.run(stop.signal);
  const reasons = () => health.troubles.map(({ reason }) => reason);
  const end = () => {
    stop.abort();
    return done;
  };
  return { clock, log, world, health, reasons, end };
}

test('F10 a stream that is away for ten seconds is a trouble until it can be read', async () => {
  const { clock, world, health, reasons, end } = watching();
  await clock.advance(60_000);
  world.unheardSinceMs = clock.now();
  await clock.advance(5_000);
  assert.deepEqual(reasons(), []);
  await clock.advance(600_000);
  assert.deepEqual(reasons(), ['MetricsStreamUnavailable']);
  assert.match(health.troubles[0]?.message ?? '', /NATS is away since 2027-/);
  world.unheardSinceMs = undefined;
  await clock.advance(5_000);
  assert.deepEqual(reasons(), []);
  assert.equal(world.told, 2, 'once when it came and once when it went');
  await end();
});

test('who begins to lead is given the time to read', async () => {
  const { clock, world, reasons, end } = watching();
  world.unheardSinceMs = clock.now() - 3_600_000;
  await clock.advance(9_000);
  assert.deepEqual(reasons(), []);
  await end();
});

test('F13 a loss stays until trainers had the time to send again, one that goes on is one', async () => {
  const { clock, world, health, reasons, end } = watching();
  await clock.advance(1_000);
  health.lost('removed');
  assert.deepEqual(reasons(), ['MetricsStreamLost'], 'at once, since it may be over as fast');
  const [first] = health.troubles;
  for (let i = 0; i < 20; i++) {
    await clock.advance(10_000);
    health.lost('removed');
  }
  assert.deepEqual(health.troubles, [first], 'its message does not move');
  await clock.advance(29_000);
  assert.deepEqual(reasons(), ['MetricsStreamLost']);
  await clock.advance(10_000);
  assert.deepEqual(reasons(), []);
  assert.equal(world.told, 2);
  await end();
});

test('F13 a loss does not pass while nothing can be read', async () => {
  const { clock, world, health, reasons, end } = watching();
  await clock.advance(1_000);
  health.lost('recreated');
  world.unheardSinceMs = clock.now();
  await clock.advance(60_000);
  assert.deepEqual(reasons(), ['MetricsStreamUnavailable', 'MetricsStreamLost']);
  await end();
});

test('F15 a store is away when it failed twice, and back when it answers', async () => {
  const { clock, log, world, health, reasons, end } = watching();
  await clock.advance(1_000);
  world.store = 'down';
  await clock.advance(30_000);
  assert.deepEqual([reasons(), health.isStoreAnswering], [[], true]);
  await clock.advance(5_000);
  assert.deepEqual([reasons(), health.isStoreAnswering], [['ArtifactStoreUnavailable'], false]);
  assert.match(health.troubles[0]?.message ?? '', /503/);
  await clock.advance(600_000);
  world.store = 'up';
  await clock.advance(5_000);
  assert.deepEqual(reasons(), []);
  assert.equal(world.told, 2);
  assert.equal(log.lines.length, 2, 'not a line per look');
  await end();
});
