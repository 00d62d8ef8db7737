import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deleting,
  ended,
  experiment,
  experimentStatus,
  MINUTE,
  NOW,
  pod,
  type SpecInput,
  trial,
} from '../testing/builders.ts';
import { planDeletion } from './plan-deletion.ts';
import { progressOf } from './progress.ts';
import type { ExperimentSnapshot } from './snapshot.ts';

interface Given {
  readonly spec?: SpecInput;
  readonly object?: ReturnType<typeof experiment>;
  readonly remains?: ExperimentSnapshot['remains'];
  readonly store?: ExperimentSnapshot['store'];
  readonly nowMs?: number;
}

function text({ spec = {}, object, remains, store, nowMs = NOW }: Given): string {
  const known = object ?? experiment(spec, deleting());
  const plan = planDeletion(
    {
      experiment: known,
      progress: progressOf(known.spec, []),
      problems: [],
      exhausted: undefined,
      room: { free: 0 },
      store: store ?? { kind: 'ok' },
      troubles: [],
      lastViewMs: undefined,
      viewIntervalMs: 0,
      remains: remains ?? { trials: [], pods: [] },
    },
    nowMs,
  );
  const steps = plan.actions.map((action) =>
    action.kind === 'set-finalizer' ? `finalizer ${action.present}` : action.kind,
  );
  if (plan.requeueAfterMs !== undefined) steps.push(`again ${plan.requeueAfterMs}`);
  return steps.join(', ');
}

const down = { kind: 'failing', message: 'no route', retryAtMs: NOW + 5000 } as const;
const cases: Record<string, Given & { want: string }> = {
  'first the pods are asked to end': {
    remains: { trials: [trial()], pods: [pod()] },
    want: `delete-pod, again ${10 * MINUTE}`,
  },
  'then they are waited for, for termination after their grace period': {
    remains: { trials: [trial()], pods: [pod({ deletingSinceMs: NOW })] },
    want: `again ${7 * MINUTE}`,
  },
  'then they are released, the trials go, and we let go': {
    remains: { trials: [trial()], pods: [ended({}, { deletingSinceMs: NOW })] },
    want: 'release-pod, delete-trial, finalizer false',
  },
  'G5 a pod that does not end is let go after that': {
    remains: { trials: [trial()], pods: [pod({ deletingSinceMs: NOW })] },
    nowMs: NOW + 7 * MINUTE,
    want: 'release-pod, delete-trial, finalizer false',
  },
  'artifacts stay by default': { want: 'finalizer false' },
  'with onDelete Delete they go': {
    spec: { artifacts: { onDelete: 'Delete' } },
    want: 'delete-artifacts, finalizer false',
  },
  'F15 a store that is away is waited for': {
    spec: { artifacts: { onDelete: 'Delete' } },
    store: down,
    want: 'again 5000',
  },
  'F15 G5 but not for longer than cleanup': {
    spec: { artifacts: { onDelete: 'Delete' } },
    store: { ...down, retryAtMs: NOW + 60 * MINUTE },
    nowMs: NOW + 10 * MINUTE,
    want: 'finalizer false',
  },
  'U10 TTL removes objects, never the record': {
    object: experiment(
      { artifacts: { onDelete: 'Delete' }, ttlSecondsAfterFinished: 60 },
      experimentStatus({ phase: 'Succeeded', completionTime: '2027-01-15T08:00:00.000Z' }),
      deleting(NOW + MINUTE),
    ),
    want: 'finalizer false',
  },
  'a deletion by hand before TTL removes both': {
    object: experiment(
      { artifacts: { onDelete: 'Delete' }, ttlSecondsAfterFinished: 60 },
      experimentStatus({ phase: 'Succeeded', completionTime: '2027-01-15T08:00:00.000Z' }),
      deleting(NOW + MINUTE / 2),
    ),
    want: 'delete-artifacts, finalizer false',
  },
  'without our finalizer there is nothing to do': { object: experiment(), want: '' },
};
for (const [name, { want, ...given }] of Object.entries(cases)) {
  test(`G10 ${name}`, () => assert.equal(text(given), want));
}

test('many trials are deleted a hundred at a time', () => {
  const trials = Array.from({ length: 250 }, (_, i) => trial(`a-${String(i).padStart(5, '0')}`));
  const steps = text({ remains: { trials, pods: [] } }).split(', ');
  assert.equal(steps.filter((step) => step === 'delete-trial').length, 100);
  assert.equal(steps.at(-1), 'again 0');
});
