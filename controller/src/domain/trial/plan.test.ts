import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRIAL_REASON } from '@espalier/api';
import fc from 'fast-check';
import {
  attempt,
  deleting,
  ended,
  experiment,
  experimentStatus,
  feed,
  inPhase,
  MINUTE,
  NOW,
  pod,
  reported,
  rungs,
  running,
  status,
  succeeded,
  trial,
  trialSnapshot,
} from '../testing/builders.ts';
import { planTrial, refusedStatus } from './plan.ts';
import type { TrialPlan } from './plan-types.ts';
import type { TrialSnapshot } from './snapshot.ts';

/** `create-pod 0, write record Running` and so on. */
function text(plan: TrialPlan): string {
  const steps = plan.actions.map((action) => {
    const number = 'attempt' in action ? action.attempt : 'pod' in action ? action.pod.attempt : '';
    return `${action.kind}${'force' in action && action.force ? ' force' : ''} ${number}`.trim();
  });
  if (plan.change !== undefined) {
    const { phase, reason, attempts } = plan.change.status;
    const ledger = attempts.map(({ number, outcome }) => `${number}:${outcome ?? '-'}`).join(' ');
    steps.push(
      `${plan.change.write} ${phase}${reason ? ` ${reason}` : ''}${ledger && ` [${ledger}]`}`,
    );
  }
  if (plan.requeueAfterMs !== undefined) steps.push(`again ${plan.requeueAfterMs}`);
  return steps.join(', ');
}

const quiet = { feed: feed(), followedSinceMs: NOW } as const;
const done = { feed: reported(0.9, { complete: true }), followedSinceMs: NOW } as const;
/** The stream was made anew: nothing is left of what was heard. */
const lost = feed({ canRecover: true });
const whole = {
  kind: 'whole',
  manifest: {} as never,
  artifacts: { attempt: 0, folder: 'f', checkpoint: { uri: 'u', sha256: 's', step: 1 } },
} as const;
const stopRung = { step: 1, value: 0.1, order: 3, verdict: 'stop' } as const;
const asha = {
  earlyStopping: { algorithm: 'asha', min: 1, max: 8, eta: 2, minRungSize: 1 },
} as const;

interface Case {
  readonly snapshot: Partial<TrialSnapshot>;
  readonly nowMs?: number;
  readonly want: string;
}

const cases: Record<string, Case> = {
  // Starting.
  'attempt 0 needs no record before its pod': { snapshot: {}, want: 'follow, create-pod 0' },
  'G14 without a slot nothing is created': { snapshot: { hasSlot: false }, want: '' },
  'G1 attempt 1 is created once the record names it': {
    snapshot: { trial: trial('a-00000', attempt(1)), ...quiet },
    want: 'create-pod 1',
  },
  'G1 but not while an earlier one may run, whatever the record says': {
    snapshot: { trial: trial('a-00000', attempt(3)), pods: [pod({ attempt: 1 })], ...quiet },
    want: 'delete-pod 1',
  },
  'a pod that vanished before it was seen to run is created again': {
    snapshot: { trial: trial('a-00000', inPhase('Pending')), ...quiet },
    want: 'create-pod 0',
  },
  'G1 a later pod than the record knows means that the cache is behind': {
    snapshot: { pods: [pod({ attempt: 1 })] },
    want: '',
  },
  'G10 under an Experiment that is being deleted nothing is done': {
    snapshot: { experiment: experiment({}, deleting()), pods: [ended()] },
    want: '',
  },
  'K16 without its Experiment a trial only lets go': {
    snapshot: { experiment: undefined, pods: [ended(), pod({ attempt: 1 })] },
    want: 'release-pod 0, delete-pod 1',
  },
  // Running.
  'K15 an unschedulable pod is Pending and says why': {
    snapshot: {
      pods: [
        {
          ...pod({ waitingReason: 'Unschedulable' }),
          scheduledMs: undefined,
          startedMs: undefined,
        } as never,
      ],
      ...quiet,
    },
    want: 'view Pending Unschedulable',
  },
  'a scheduled pod is Starting': {
    snapshot: { pods: [pod()], ...quiet },
    want: `view Starting, again ${45 * MINUTE}`,
  },
  'the first report makes it Running': {
    snapshot: { pods: [pod()], feed: reported(0.5), followedSinceMs: NOW },
    want: `view Running, again ${60 * MINUTE}`,
  },
  'a phase that may pass at once is not written yet': {
    snapshot: { pods: [pod()], ...quiet, lastViewMs: NOW - 100 },
    want: 'again 150',
  },
  'a phase that lasts is written before the next refresh is due': {
    snapshot: { pods: [pod()], ...quiet, lastViewMs: NOW - 300 },
    want: `view Starting, again ${45 * MINUTE}`,
  },
  'an observation is refreshed no more often than asked': {
    snapshot: {
      trial: trial('a-00000', running()),
      pods: [pod()],
      feed: reported(0.5),
      followedSinceMs: NOW,
      lastViewMs: NOW - 400,
    },
    want: 'again 600',
  },
  'a view that shows nothing new is not written': {
    snapshot: {
      trial: trial(
        'a-00000',
        running(),
        status({
          startTime: '2027-01-15T08:00:00.000Z',
          observation: {
            value: 0.5,
            step: 10,
            epoch: 1,
            lastStep: 10,
            lastEpoch: 1,
            lastValue: 0.5,
            points: 1,
          },
        }),
      ),
      pods: [pod()],
      feed: reported(0.5),
      followedSinceMs: NOW,
    },
    want: `again ${60 * MINUTE}`,
  },
  // Ended by itself.
  'a result is inspected before it is counted': {
    snapshot: { pods: [ended({ exitCode: 0 })], ...done },
    want: 'inspect 0, again 0',
  },
  'a success is recorded, and its pod released later (G2)': {
    snapshot: { pods: [ended({ exitCode: 0 })], ...done, files: whole },
    want: 'record Succeeded Completed [0:Succeeded]',
  },
  'G6 a success waits for its last report': {
    snapshot: { pods: [ended({ exitCode: 0 })], feed: reported(0.9), followedSinceMs: NOW },
    nowMs: NOW + MINUTE,
    want: `again ${MINUTE}`,
  },
  'G5 but for no longer than deadlines.metrics': {
    snapshot: {
      pods: [ended({ exitCode: 0 })],
      feed: reported(0.9),
      followedSinceMs: NOW,
      files: whole,
    },
    nowMs: NOW + 2 * MINUTE,
    want: 'record Succeeded Completed [0:Succeeded]',
  },
  'G7 reports that may be lost are waited for a little, since most are only late': {
    snapshot: { pods: [ended({ exitCode: 0 })], feed: lost, followedSinceMs: NOW },
    want: 'again 5000',
  },
  'G7 then it is looked whether the files have them': {
    snapshot: { pods: [ended({ exitCode: 0 })], feed: lost, followedSinceMs: NOW },
    nowMs: NOW + 5_000,
    want: 'inspect 0, again 0',
  },
  'G7 and they are read from files that are whole': {
    snapshot: { pods: [ended({ exitCode: 0 })], feed: lost, followedSinceMs: NOW, files: whole },
    nowMs: NOW + 5_000,
    want: 'recover 0, again 0',
  },
  'G7 also long after deadlines.metrics, while the store was away': {
    snapshot: { pods: [ended({ exitCode: 0 })], feed: lost, followedSinceMs: NOW, files: whole },
    nowMs: NOW + 60 * MINUTE,
    want: 'recover 0, again 0',
  },
  'G7 the reports of a trial that was stopped are as dear': {
    snapshot: {
      trial: trial('a-00000', running(), rungs({ step: 1, value: 0.1, order: 0, verdict: 'stop' })),
      pods: [ended({ exitCode: 10 })],
      feed: lost,
      followedSinceMs: NOW,
      files: whole,
    },
    nowMs: NOW + 5_000,
    want: 'recover 0, again 0',
  },
  'G7 what the files did not have is waited for as before': {
    snapshot: {
      pods: [ended({ exitCode: 0 })],
      feed: reported(0.9, { isWhole: false }),
      followedSinceMs: NOW,
      files: whole,
    },
    nowMs: NOW + MINUTE,
    want: `again ${MINUTE}`,
  },
  'G7 nor can files help that are not there': {
    snapshot: {
      pods: [ended({ exitCode: 0 })],
      feed: lost,
      followedSinceMs: NOW,
      files: { kind: 'none' },
    },
    nowMs: NOW + MINUTE,
    want: `again ${MINUTE}`,
  },
  'G7 files that are damaged end it with what was heard': {
    snapshot: {
      pods: [ended({ exitCode: 0 })],
      feed: { ...lost, ...reported(0.9), canRecover: true },
      followedSinceMs: NOW,
      files: { kind: 'damaged', message: 'points-0.jsonl: it differs' },
    },
    nowMs: NOW + 2 * MINUTE,
    want: 'record Succeeded Completed [0:Succeeded]',
  },
  'G7 a disruption waits for no reports': {
    snapshot: { pods: [ended({ exitCode: 10 })], feed: lost, followedSinceMs: NOW },
    want: 'record Pending Disrupted [0:Disrupted 1:-]',
  },
  'whoever starts to listen after the end gets time to read': {
    snapshot: { pods: [ended({ exitCode: 0 })], feed: feed(), followedSinceMs: NOW + 60 * MINUTE },
    nowMs: NOW + 61 * MINUTE,
    want: `again ${MINUTE}`,
  },
  'reports that nobody follows are followed first': {
    snapshot: { pods: [ended({ exitCode: 0 })] },
    want: 'follow, again 0',
  },
  'K8 exit 0 without a value is a failure, not a wait': {
    snapshot: {
      pods: [ended({ exitCode: 0 })],
      feed: feed({ complete: true }),
      followedSinceMs: NOW,
    },
    want: 'record Failed MetricsUnavailable [0:Failed]',
  },
  'G1 a disruption is recorded together with the number of the next attempt': {
    snapshot: { pods: [ended({ exitCode: 10 })], ...quiet },
    want: 'record Pending Disrupted [0:Disrupted 1:-]',
  },
  'an interrupted runner costs no budget': {
    snapshot: { pods: [ended({ exitCode: 10, interrupted: true })], ...quiet },
    want: 'record Pending Interrupted [0:Interrupted 1:-]',
  },
  'a program error is tried again': {
    snapshot: { pods: [ended({ exitCode: 1 })], ...quiet },
    want: 'record Pending ProgramError [0:Failed 1:-]',
  },
  'G3 program errors have their budget': {
    snapshot: {
      trial: trial('a-00000', attempt(2, 'Failed')),
      pods: [ended({ exitCode: 1 }, { attempt: 2 })],
      ...quiet,
    },
    want: 'record Failed ProgramError [0:Failed 1:Failed 2:Failed]',
  },
  'G3 disruptions do not use it up': {
    snapshot: {
      trial: trial('a-00000', attempt(2)),
      pods: [ended({ exitCode: 1 }, { attempt: 2 })],
      ...quiet,
    },
    want: 'record Pending ProgramError [0:Disrupted 1:Disrupted 2:Failed 3:-]',
  },
  'G3 disruptions have a budget of their own': {
    snapshot: {
      experiment: experiment({ attempts: { maxDisruptions: 1 } }),
      trial: trial('a-00000', attempt(1)),
      pods: [ended({ exitCode: 1, disrupted: true }, { attempt: 1 })],
      ...quiet,
    },
    want: 'record Failed TooManyDisruptions [0:Disrupted 1:Disrupted]',
  },
  'G2 a counted pod is released once the record is read': {
    snapshot: { trial: trial('a-00000', attempt(1)), pods: [ended()], ...quiet, hasSlot: false },
    want: 'release-pod 0',
  },
  'G1 a pod that is gone although it ran is counted after a second look': {
    snapshot: { trial: trial('a-00000', running()), ...quiet },
    want: 'confirm-gone 0, record Pending Disrupted [0:Disrupted 1:-]',
  },
  // Ended by us.
  'a milestone is judged and recorded before anything is done about it': {
    snapshot: {
      experiment: experiment(asha),
      trial: trial('a-00000', running()),
      pods: [pod()],
      feed: reported(0.1, { milestones: [{ milestone: 1, value: 0.1 }] }),
      followedSinceMs: NOW,
      rungs: new Map([[1, [{ order: 2, value: 0.9 }]]]),
    },
    want: `record Running, again ${60 * MINUTE}`,
  },
  'a recorded stop ends the pod': {
    snapshot: { trial: trial('a-00000', running(), rungs(stopRung)), pods: [pod()], ...quiet },
    want: 'delete-pod 0',
  },
  'a milestone of a trial that ended is not judged': {
    snapshot: {
      experiment: experiment(asha),
      trial: trial('a-00000', running()),
      pods: [ended({ exitCode: 0 })],
      feed: reported(0.1, { milestones: [{ milestone: 1, value: 0.1 }], complete: true }),
      followedSinceMs: NOW,
      files: { kind: 'none' },
    },
    want: 'record Succeeded Completed [0:Succeeded]',
  },
  'a stopped pod is counted as stopped': {
    snapshot: {
      trial: trial('a-00000', running(), rungs(stopRung)),
      pods: [ended({ exitCode: 10 }, { deletingSinceMs: NOW })],
      ...done,
      files: { kind: 'none' },
    },
    want: 'record Stopped EarlyStopped [0:Stopped]',
  },
  'K7 a stop for a value that is not finite is a divergence': {
    snapshot: {
      trial: trial('a-00000', running(), rungs({ ...stopRung, value: 'NaN' })),
      pods: [ended({ exitCode: 10 }, { deletingSinceMs: NOW })],
      ...quiet,
    },
    want: 'record Stopped Diverged [0:Stopped]',
  },
  'K16 a cancelled Experiment ends its pods': {
    snapshot: { experiment: experiment({ desiredState: 'Cancel' }), pods: [pod()], ...quiet },
    want: 'delete-pod 0',
  },
  'K16 a cancelled Experiment starts no pod': {
    snapshot: {
      experiment: experiment({ desiredState: 'Cancel' }),
      trial: trial('a-00000', attempt(1)),
    },
    want: 'record Stopped Cancelled [0:Disrupted]',
  },
  'a stop lets running trials go on': {
    snapshot: {
      experiment: experiment(
        { desiredState: 'Stop' },
        experimentStatus({ phase: 'Stopping', reason: 'StopRequested' }),
      ),
      trial: trial('a-00000', attempt(1)),
      ...quiet,
    },
    want: 'create-pod 1',
  },
  'a pause lets running trials go on': {
    snapshot: { experiment: experiment({ desiredState: 'Pause' }), ...quiet },
    want: 'create-pod 0',
  },
  'a replicate of a failed configuration ends': {
    snapshot: { siblingFailed: true, pods: [pod()], ...quiet },
    want: 'delete-pod 0',
  },
  // Deadlines.
  'G5 a passed deadline is recorded before the pod is asked to end': {
    snapshot: { pods: [pod()], ...quiet },
    nowMs: NOW + 45 * MINUTE,
    want: 'record Pending [0:-]',
  },
  'G5 a recorded deadline ends the pod': {
    snapshot: {
      trial: trial('a-00000', status({ attempts: [{ number: 0, reason: 'DeadlineExceeded' }] })),
      pods: [pod()],
      ...quiet,
    },
    want: 'delete-pod 0',
  },
  'G5 and is counted as a failure': {
    snapshot: {
      trial: trial('a-00000', status({ attempts: [{ number: 0, reason: 'DeadlineExceeded' }] })),
      pods: [ended({ exitCode: 137 }, { deletingSinceMs: NOW })],
      ...quiet,
    },
    want: 'record Failed DeadlineExceeded [0:Failed]',
  },
  'F19 a pod that does not start within pending is ended without a record': {
    snapshot: { pods: [{ ...pod(), startedMs: undefined } as never], ...quiet },
    nowMs: NOW + 15 * MINUTE,
    want: 'delete-pod 0',
  },
  'F19 a pod that never can start fails at once': {
    snapshot: {
      pods: [{ ...pod({ waitingReason: 'InvalidImageName' }), startedMs: undefined } as never],
      ...quiet,
    },
    want: 'record Pending [0:-]',
  },
  'F19 an image that cannot be pulled yet only waits, and says so': {
    snapshot: {
      pods: [{ ...pod({ waitingReason: 'ErrImagePull' }), startedMs: undefined } as never],
      ...quiet,
    },
    want: `view Starting ErrImagePull, again ${15 * MINUTE}`,
  },
  'F18 a pod that does not end is not replaced without consent': {
    snapshot: {
      trial: trial('a-00000', running()),
      pods: [pod({ deletingSinceMs: NOW })],
      ...quiet,
    },
    nowMs: NOW + 7 * MINUTE,
    want: 'record Failed Disrupted [0:Disrupted]',
  },
  'F18 with consent it is forced away': {
    snapshot: {
      experiment: experiment({ attempts: { replaceLost: true } }),
      pods: [pod({ deletingSinceMs: NOW })],
      ...quiet,
    },
    nowMs: NOW + 7 * MINUTE,
    want: 'delete-pod force 0',
  },
  'F18 a stop of a pod that does not end is still that stop': {
    snapshot: {
      trial: trial('a-00000', running(), rungs(stopRung)),
      pods: [pod({ deletingSinceMs: NOW })],
      ...quiet,
    },
    nowMs: NOW + 7 * MINUTE,
    want: 'record Stopped EarlyStopped [0:Stopped]',
  },
  'until then it is waited for': {
    snapshot: { pods: [pod({ deletingSinceMs: NOW })], ...quiet },
    nowMs: NOW + MINUTE,
    want: `again ${6 * MINUTE}`,
  },
  // Over.
  'G2 a terminal trial releases its pod, and gives up what nobody will ask for': {
    snapshot: { trial: trial('a-00000', inPhase('Failed')), pods: [ended()], ...quiet },
    want: 'forget, drop-checkpoints, release-pod 0',
  },
  'a terminal trial with a verified checkpoint keeps it': {
    snapshot: {
      trial: trial('a-00000', succeeded(0.9), status({ artifacts: whole.artifacts })),
      pods: [ended()],
    },
    want: 'release-pod 0',
  },
  'U16 until another one is the best for certain': {
    snapshot: {
      trial: trial('a-00000', succeeded(0.9), status({ artifacts: whole.artifacts })),
      isLosing: true,
    },
    want: 'drop-checkpoints, view Succeeded Completed',
  },
  'with keep all nothing is dropped': {
    snapshot: {
      experiment: experiment({ artifacts: { keep: 'all' } }),
      trial: trial('a-00000', succeeded(0.9), status({ artifacts: whole.artifacts })),
      isLosing: true,
      pods: [ended()],
    },
    want: 'release-pod 0',
  },
  'K16 a pod that appears under a terminal trial is ended': {
    snapshot: { trial: trial('a-00000', inPhase('Stopped')), pods: [pod()] },
    want: 'delete-pod 0',
  },
  'F18 a lost pod of a terminal trial is forced away only with consent': {
    snapshot: {
      experiment: experiment({ attempts: { replaceLost: true } }),
      trial: trial('a-00000', inPhase('Stopped')),
      pods: [pod({ deletingSinceMs: NOW })],
    },
    nowMs: NOW + 7 * MINUTE,
    want: 'delete-pod force 0',
  },
  'and is looked at again when the time has come': {
    snapshot: {
      experiment: experiment({ attempts: { replaceLost: true } }),
      trial: trial('a-00000', inPhase('Stopped')),
      pods: [pod({ deletingSinceMs: NOW })],
    },
    want: `again ${7 * MINUTE}`,
  },
};
for (const [name, { snapshot, nowMs = NOW, want }] of Object.entries(cases)) {
  test(name, () => assert.equal(text(planTrial(trialSnapshot(snapshot), nowMs)), want));
}

test('G8 a success with damaged files keeps its value, names no checkpoint, and says so', () => {
  const files = { kind: 'damaged', message: 'model.safetensors is 3 bytes short' } as const;
  const snapshot = trialSnapshot({ pods: [ended({ exitCode: 0 })], ...done, files });
  const { change } = planTrial(snapshot, NOW);
  assert.equal(change?.status.observation?.value, 0.9);
  assert.equal(change?.status.artifacts, undefined);
  assert.match(change?.status.message ?? '', /3 bytes short/);
});

test('a cancelled Experiment waits for an unreachable store no longer than deadlines.cleanup', () => {
  const snapshot = trialSnapshot({
    experiment: experiment({ desiredState: 'Cancel' }),
    pods: [ended({ exitCode: 10 }, { deletingSinceMs: NOW })],
    ...done,
  });
  assert.equal(text(planTrial(snapshot, NOW + MINUTE)), 'inspect 0, again 0');
  assert.equal(
    text(planTrial(snapshot, NOW + 11 * MINUTE)),
    'record Stopped Cancelled [0:Stopped]',
  );
});

const endings = [
  ['TargetReached', TRIAL_REASON.targetReached],
  ['TooManyFailures', TRIAL_REASON.tooManyFailures],
  ['DeadlineExceeded', TRIAL_REASON.experimentDeadline],
] as const;
for (const [reason, want] of endings) {
  test(`an Experiment that is ending with ${reason} ends its trials with ${want}`, () => {
    const ending = experiment({}, experimentStatus({ phase: 'Stopping', reason }));
    assert.equal(
      text(planTrial(trialSnapshot({ experiment: ending, pods: [pod()], ...quiet }), NOW)),
      'delete-pod 0',
    );
    const { change } = planTrial(trialSnapshot({ experiment: ending }), NOW);
    assert.equal(change?.status.reason, want);
  });
}

test('G8 a trial that was stopped names a checkpoint only if that has the value', () => {
  const stopped = (checkpointStep: number) => {
    const artifacts = {
      ...whole.artifacts,
      checkpoint: { uri: 'u', sha256: 's', step: checkpointStep },
    };
    const manifest = { resume: { step: checkpointStep } } as never;
    const plan = planTrial(
      trialSnapshot({
        trial: trial('a-00000', running(), rungs(stopRung)),
        pods: [ended({ exitCode: 10 })],
        ...done,
        files: { kind: 'whole', manifest, artifacts },
      }),
      NOW,
    );
    return plan.change?.status.artifacts;
  };
  const valueStep = done.feed.best?.step ?? 0;
  assert.equal(stopped(valueStep)?.checkpoint?.step, valueStep);
  assert.deepEqual(stopped(valueStep + 1), { attempt: 0, folder: 'f' });
});

test('the Events of an end are those of its write', () => {
  const failing = trialSnapshot({ pods: [ended({ exitCode: 1 })], ...quiet });
  const [event] = planTrial(failing, NOW).events;
  assert.deepEqual([event?.type, event?.reason], ['Warning', 'ProgramError']);
  const ok = trialSnapshot({ pods: [ended({ exitCode: 0 })], ...done, files: whole });
  assert.deepEqual(
    planTrial(ok, NOW).events.map(({ type, reason }) => `${type} ${reason}`),
    ['Normal Completed'],
  );
  const judged = trialSnapshot({
    experiment: experiment(asha),
    pods: [pod()],
    feed: reported(NaN, { milestones: [{ milestone: 1, value: Number.NaN }] }),
    followedSinceMs: NOW,
  });
  assert.deepEqual(
    planTrial(judged, NOW).events.map(({ reason }) => reason),
    ['Stopping'],
  );
});

test('a pod that the platform refuses for good fails the trial', () => {
  const after = refusedStatus(trial('a-00000', attempt(1)).status ?? ({} as never), 'quota', NOW);
  assert.deepEqual(
    [after.phase, after.reason, after.attempts.length],
    ['Failed', 'Unstartable', 1],
  );
});

test('G4 whatever the facts, a terminal trial stays in its phase', () => {
  const snapshots = fc.record({
    phase: fc.constantFrom('Succeeded' as const, 'Stopped' as const, 'Failed' as const),
    pods: fc.subarray([
      pod(),
      ended({ exitCode: 0 }, { attempt: 1 }),
      pod({ attempt: 2, deletingSinceMs: NOW }),
    ]),
    siblingFailed: fc.boolean(),
    isLosing: fc.boolean(),
    hasSlot: fc.boolean(),
  });
  fc.assert(
    fc.property(snapshots, fc.nat(1e9), ({ phase, ...facts }, later) => {
      const plan = planTrial(
        trialSnapshot({ ...facts, trial: trial('a-00000', inPhase(phase)) }),
        NOW + later,
      );
      assert.ok(plan.change === undefined || plan.change.status.phase === phase);
      assert.ok(plan.actions.every(({ kind }) => kind !== 'create-pod'));
    }),
  );
});
