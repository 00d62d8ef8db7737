import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTerminalExperiment, isTerminalTrial } from '@espalier/api';
import fc from 'fast-check';
import { experiment } from '../domain/testing/builders.ts';
import { settle } from '../runtime/testing/fake-clock.ts';
import { type Trainer, World } from './testing/world.ts';

const KEY = { namespace: 'team', name: 'a' };

const anyOperation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('step' as const) }) },
  fc.record({ kind: fc.constant('parallel' as const), to: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('max' as const), to: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ kind: fc.constant('pause' as const) }),
  fc.record({ kind: fc.constant('run' as const) }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('disrupt' as const), which: fc.nat(3) }) },
  fc.record({ kind: fc.constant('crash' as const), which: fc.nat(3) }),
  fc.record({ kind: fc.constant('remove' as const), which: fc.nat(3) }),
  fc.record({ kind: fc.constant('freeze' as const) }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      count: fc.nat(5),
      of: fc.constantFrom('experiments' as const, 'trials' as const, 'pods' as const),
    }),
  },
  fc.record({ kind: fc.constant('thaw' as const) }),
);
type Operation = typeof anyOperation extends fc.Arbitrary<infer T> ? T : never;

const last = fc.constantFrom('nothing' as const, 'Stop' as const, 'Cancel' as const);

/** Values by index; one in seven refuses its parameters, one diverges, one fails for good. */
const trainer: Trainer = ({ spec: { index } }) => {
  if (index % 7 === 3) return { values: [], end: { exitCode: 20 } };
  if (index % 7 === 4) return { values: [0.3], end: { exitCode: 21 } };
  if (index % 7 === 5) return { values: [0.2], end: { exitCode: 137, oomKilled: true } };
  return { values: [0.1 * (index % 9), 0.1 * (index % 9)] };
};

async function perform(world: World, operation: Operation): Promise<void> {
  const pods = world.runningPods();
  const which = 'which' in operation ? operation.which : 0;
  const chosen = pods[which % Math.max(1, pods.length)];
  const edit = (change: Parameters<World['cluster']['editSpec']>[1]) => {
    if (!isTerminalExperiment(world.experiment()?.status?.phase))
      world.cluster.editSpec(KEY, change);
  };
  switch (operation.kind) {
    case 'step':
      return world.step(60_000);
    case 'parallel':
      // A create that was on its way when the limit fell is no excess.
      await world.quiesce();
      return edit(({ trials }) => ({
        trials: { ...trials, parallel: operation.to },
      }));
    case 'max':
      return edit(({ trials }) => ({ trials: { ...trials, max: operation.to } }));
    case 'pause':
      return edit(() => ({ desiredState: 'Pause' }));
    case 'run':
      return edit(() => ({ desiredState: 'Run' }));
    case 'restart':
      return world.restart();
    case 'disrupt':
      if (chosen !== undefined) world.end(chosen, { exitCode: 143, disrupted: true });
      return;
    case 'crash':
      if (chosen !== undefined) world.end(chosen, { exitCode: 1 });
      return;
    case 'remove':
      if (chosen !== undefined) {
        world.end(chosen, { exitCode: 137 });
        world.cluster.removePod(chosen);
      }
      return;
    case 'freeze':
      world.isDelivering = false;
      return;
    case 'deliver':
      world.cluster.deliver(operation.count, operation.of);
      return settle();
    case 'thaw':
      world.isDelivering = true;
  }
}

for (const isLagging of [false, true]) {
  const caches = isLagging ? 'stale caches' : 'fresh caches';
  test(`G1 G2 G4 G14 K8 K16 any sequence of edits, faults and restarts converges, with ${caches}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyOperation, { maxLength: 30 }), last, async (operations, end) => {
        const world = new World({ trainer, isLagging });
        world.cluster.apply(
          experiment({
            trials: { max: 4, parallel: 2, maxFailed: 100 },
            attempts: { maxRetries: 20, maxDisruptions: 100 },
          }),
        );
        world.cluster.deliver();
        world.start();
        const phases = new Map<string, string>();
        const check = () => {
          assert.equal(world.excess, 0, 'more pods than parallel allows');
          assert.equal(world.overlaps, 0, 'two attempts at once');
          for (const { metadata, status } of world.trials()) {
            const before = phases.get(metadata.name);
            if (isTerminalTrial(before as never)) assert.equal(status?.phase, before);
            phases.set(metadata.name, status?.phase ?? 'Pending');
            const numbers = status?.attempts.map(({ number }) => number) ?? [];
            assert.equal(new Set(numbers).size, numbers.length, 'an outcome is counted twice');
          }
        };
        for (const one of operations) {
          await perform(world, one);
          check();
        }
        world.isDelivering = true;
        if (!isTerminalExperiment(world.experiment()?.status?.phase)) {
          world.cluster.editSpec(KEY, () => ({ desiredState: end === 'nothing' ? 'Run' : end }));
        }
        const { status, spec } = await world.finish();
        for (let i = 0; i < 4; i++) await world.step();
        check();
        // A pod that is torn out with its finalizer before anybody saw it run leaves no trace to count.
        const isUnseen = operations.some(({ kind }) => kind === 'remove');
        if (!isUnseen) {
          for (const starts of world.starts.values())
            assert.equal(starts, 1, 'a pod started twice');
        }
        // Every pod that ran is in the ledger of its Trial exactly once, but those of cancelled ones.
        const entries = world.trials().flatMap((trial) => trial.status?.attempts ?? []);
        assert.ok(entries.every(({ outcome }) => outcome !== undefined));
        if (end !== 'Cancel') assert.equal(entries.length, world.starts.size);
        assert.deepEqual(world.runningPods(), [], 'a pod outlives its Experiment');
        assert.equal(world.truth.pods.size, 0);
        assert.ok(world.trials().every((trial) => isTerminalTrial(trial.status?.phase)));
        const wasLowered = operations.some(({ kind }) => kind === 'max');
        if (end === 'nothing' && !wasLowered) {
          assert.equal(status?.reason, 'MaxTrialsReached');
          const invalid = world
            .trials()
            .filter((trial) => trial.status?.reason === 'InvalidParameters').length;
          assert.equal(world.trials().length - Math.min(invalid, spec.trials.max), spec.trials.max);
        }
      }),
      { numRuns: Number(process.env['ESPALIER_RUNS'] ?? 60) },
    );
  });
}
