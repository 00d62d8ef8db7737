import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trial } from '@espalier/api';
import {
  experiment,
  experimentStatus,
  inPhase,
  MINUTE,
  type Mod,
  NOW,
  replicateOf,
  running,
  type SpecInput,
  succeeded,
  trial,
  value,
} from '../testing/builders.ts';
import { checkExperiment } from './check.ts';
import { planExperiment } from './plan.ts';
import { progressOf } from './progress.ts';
import type { ExperimentPlan, ExperimentSnapshot } from './snapshot.ts';

const one = (index: number, ...mods: Mod<Trial>[]) => trial(`a-0000${index}`, ...mods);
const failed = () => inPhase('Failed', 'ProgramError');
const invalid = () => inPhase('Failed', 'InvalidParameters');

interface Given {
  readonly spec?: SpecInput;
  readonly status?: Mod<ReturnType<typeof experiment>>;
  readonly trials?: Trial[];
  readonly more?: Partial<ExperimentSnapshot>;
  readonly nowMs?: number;
}

function planFor({ spec = {}, status, trials = [], more, nowMs = NOW }: Given): ExperimentPlan {
  const object = experiment(spec, ...(status === undefined ? [] : [status]));
  const progress = progressOf(object.spec, trials);
  const snapshot: ExperimentSnapshot = {
    experiment: object,
    progress,
    problems: checkExperiment(object.spec),
    exhausted: undefined,
    room: { free: Math.max(0, object.spec.trials.parallel - progress.active.size) },
    store: { kind: 'ok' },
    troubles: [],
    lastViewMs: undefined,
    viewIntervalMs: 1000,
    remains: { trials: [], pods: [] },
    ...more,
  };
  return planExperiment(snapshot, nowMs);
}

function text(plan: ExperimentPlan): string {
  const steps = plan.actions.map((action) => {
    if (action.kind === 'create-trial') return `create ${action.index}`;
    return action.kind === 'publish-best' ? `best ${action.best.trial}` : action.kind;
  });
  const { change } = plan;
  if (change !== undefined) {
    steps.push(`${change.write} ${change.status.phase} ${change.status.reason}`);
  }
  if (plan.requeueAfterMs !== undefined) steps.push(`again ${plan.requeueAfterMs}`);
  return steps.join(', ');
}

const isRunning = experimentStatus({ phase: 'Running', reason: 'TrialsRunning' });
const ending = (reason: string) => experimentStatus({ phase: 'Stopping', reason });
const down = { kind: 'failing', message: 'no route', retryAtMs: NOW + 5000 } as const;
const all = [0, 1, 2, 3].map((index) => one(index, succeeded(0.1 * index)));

const cases: Record<string, Given & { want: string }> = {
  'the finalizer comes before the first trial': {
    spec: { trials: { max: 4, parallel: 2 } },
    want: 'set-finalizer, create 0, create 1, record Pending WaitingForSlots',
  },
  'free slots are filled, in the order of numbers': {
    spec: { trials: { max: 4, parallel: 3 } },
    status: isRunning,
    trials: [one(0, succeeded(0.5)), one(1, running())],
    want: 'best a-00000, set-finalizer, create 2, create 3, view Running TrialsRunning',
  },
  'K8 no more than max': {
    spec: { trials: { max: 2, parallel: 8 } },
    status: isRunning,
    trials: [one(0, running())],
    want: 'set-finalizer, create 1, view Running TrialsRunning',
  },
  'K8 a refused configuration is made up for': {
    spec: { trials: { max: 2, parallel: 8 } },
    status: isRunning,
    trials: [one(0, invalid()), one(1, running())],
    want: 'set-finalizer, create 2, view Running TrialsRunning',
  },
  'K8 but not more often than max': {
    spec: { trials: { max: 1, parallel: 8 } },
    status: isRunning,
    trials: [one(0, invalid()), one(1, invalid())],
    want: 'publish-trials, record Failed NoValue',
  },
  'on a grid a refused cell is a cell that was tried': {
    spec: {
      search: { algorithm: 'grid' },
      parameters: [{ name: 'lr', float: { values: [1, 2] } }],
      trials: { max: 2 },
    },
    status: isRunning,
    trials: [one(0, invalid()), one(1, succeeded(0.5))],
    want: 'best a-00001, publish-trials, record Succeeded MaxTrialsReached',
  },
  'a configuration that has begun gets its other replicates first': {
    spec: { replicates: { parameter: 'seed', values: [1, 2, 3] }, trials: { max: 2, parallel: 4 } },
    status: isRunning,
    trials: [one(0, running())],
    want: 'set-finalizer, create 1, create 2, create 3, view Running TrialsRunning',
  },
  'one plan creates 4 trials at most': {
    spec: { trials: { max: 100, parallel: 50 } },
    want: `set-finalizer, ${Array.from({ length: 4 }, (_, i) => `create ${i}`).join(', ')}, record Pending WaitingForSlots`,
  },
  'a pause creates nothing': {
    spec: { desiredState: 'Pause', trials: { max: 4, parallel: 2 } },
    status: isRunning,
    trials: [one(0, running())],
    want: 'view Paused Paused',
  },
  'a stop waits for what runs': {
    spec: { desiredState: 'Stop', trials: { max: 4, parallel: 2 } },
    status: isRunning,
    trials: [one(0, running()), one(1, succeeded(0.5))],
    want: 'best a-00001, record Stopping StopRequested',
  },
  'a stop succeeds with what there is': {
    spec: { desiredState: 'Stop' },
    status: ending('StopRequested'),
    trials: [one(0, succeeded(0.5))],
    want: 'best a-00000, publish-trials, record Succeeded StopRequested',
  },
  'a stop before any value fails': {
    spec: { desiredState: 'Stop' },
    want: 'record Failed NoValue',
  },
  'a cancel ends what runs': {
    spec: { desiredState: 'Cancel' },
    status: isRunning,
    trials: [one(0, running())],
    want: 'record Stopping CancelRequested',
  },
  'and is over when nothing runs': {
    spec: { desiredState: 'Cancel' },
    status: ending('CancelRequested'),
    trials: [one(0, inPhase('Stopped', 'Cancelled'))],
    want: 'publish-trials, record Cancelled CancelRequested',
  },
  'all configurations tried is a success': {
    status: isRunning,
    trials: all,
    want: 'best a-00003, publish-trials, record Succeeded MaxTrialsReached',
  },
  'all tried without a value is a failure': {
    status: isRunning,
    trials: [0, 1, 2, 3].map((i) => one(i, inPhase('Failed', 'MetricsUnavailable'))),
    spec: { trials: { max: 4, maxFailed: 9 } },
    want: 'publish-trials, record Failed NoValue',
  },
  'an exhausted space is a success too': {
    status: isRunning,
    trials: all.slice(0, 2),
    more: { exhausted: 'the grid has 2 cells' },
    want: 'best a-00001, publish-trials, record Succeeded SearchSpaceExhausted',
  },
  'K4 too many failures end the running ones': {
    spec: { trials: { max: 9, parallel: 4, maxFailed: 1 } },
    status: isRunning,
    trials: [one(0, failed()), one(1, failed()), one(2, running())],
    want: 'record Stopping TooManyFailures',
  },
  'too many failures are a failure, value or not': {
    spec: { trials: { max: 9, maxFailed: 1 } },
    status: ending('TooManyFailures'),
    trials: [one(0, failed()), one(1, failed()), one(2, succeeded(0.9))],
    want: 'best a-00002, publish-trials, record Failed TooManyFailures',
  },
  'divergence and refusal are no failures': {
    spec: { trials: { max: 9, parallel: 1, maxFailed: 0 } },
    status: isRunning,
    trials: [one(0, inPhase('Stopped', 'Diverged')), one(1, invalid()), one(2, running())],
    want: 'view Running TrialsRunning',
  },
  'a running trial that reaches the target ends the Experiment': {
    spec: {
      objective: { metric: 'acc', goal: 'maximize', target: 0.9 },
      trials: { max: 4, parallel: 2 },
    },
    status: isRunning,
    trials: [one(0, value(0.95), running())],
    want: 'record Stopping TargetReached',
  },
  'with report last only an ended trial reaches it': {
    spec: {
      objective: { metric: 'acc', goal: 'maximize', target: 0.9, report: 'last' },
      trials: { max: 1, parallel: 1 },
    },
    status: isRunning,
    trials: [one(0, value(0.95), running())],
    want: 'view Running TrialsRunning',
  },
  'with less is better the target is reached from above': {
    spec: { objective: { metric: 'loss', goal: 'minimize', target: 0.1 } },
    status: isRunning,
    trials: [one(0, succeeded(0.1))],
    want: 'best a-00000, publish-trials, record Succeeded TargetReached',
  },
  'a target that was reached stays reached': {
    spec: { objective: { metric: 'acc', goal: 'maximize', target: 0.9 }, desiredState: 'Cancel' },
    status: ending('TargetReached'),
    trials: [one(0, running())],
    want: 'view Stopping TargetReached',
  },
  'G5 the deadline of the Experiment counts from its start': {
    spec: { deadlines: { experiment: '1h' }, trials: { max: 9, parallel: 1 } },
    status: isRunning,
    trials: [one(0, running())],
    nowMs: NOW + 60 * MINUTE,
    want: 'record Stopping DeadlineExceeded',
  },
  'and is waited for exactly': {
    spec: { deadlines: { experiment: '1h' }, trials: { max: 9, parallel: 1 } },
    status: isRunning,
    trials: [one(0, running())],
    nowMs: NOW + 59 * MINUTE,
    want: `view Running TrialsRunning, again ${MINUTE}`,
  },
  'a spec that cannot be run starts nothing': {
    spec: { search: { algorithm: 'magic' } },
    want: 'record Failed InvalidSpec',
  },
  'terminal is final': {
    status: experimentStatus({ phase: 'Succeeded' }),
    trials: [one(0, running())],
    want: '',
  },
  'U20 TTL removes a finished Experiment when its time has come': {
    spec: { ttlSecondsAfterFinished: 60 },
    status: experimentStatus({ phase: 'Succeeded', completionTime: '2027-01-15T08:00:00.000Z' }),
    nowMs: NOW + MINUTE,
    want: 'delete-experiment',
  },
  'and not before': {
    spec: { ttlSecondsAfterFinished: 60 },
    status: experimentStatus({ phase: 'Succeeded', completionTime: '2027-01-15T08:00:00.000Z' }),
    nowMs: NOW + 20_000,
    want: 'again 40000',
  },
  'F15 a store that is away does not keep trials from being started': {
    spec: { trials: { max: 4, parallel: 2 } },
    status: isRunning,
    trials: [one(0, succeeded(0.5)), one(1, running())],
    more: { store: down },
    want: 'set-finalizer, create 2, view Running TrialsRunning, again 5000',
  },
  'F15 nor is the end written before the files are': {
    status: isRunning,
    trials: all,
    more: { store: down },
    want: 'record Stopping MaxTrialsReached, again 5000',
  },
  'F15 G5 for longer than cleanup it is not waited for': {
    status: isRunning,
    trials: all,
    nowMs: NOW + 11 * MINUTE,
    more: { store: { ...down, retryAtMs: NOW + 12 * MINUTE } },
    want: `record Succeeded MaxTrialsReached, again ${MINUTE}`,
  },
  'an uncounted end is looked at again': {
    spec: { trials: { max: 9, parallel: 1 } },
    status: isRunning,
    trials: [one(0, running())],
    more: { room: { free: 0, againMs: 700 } },
    want: 'view Running TrialsRunning, again 700',
  },
  'counts are shown no more often than asked': {
    spec: { trials: { max: 9, parallel: 1 } },
    status: isRunning,
    trials: [one(0, running())],
    more: {
      lastViewMs: NOW - 300,
      experiment: experiment({ trials: { max: 9 } }, isRunning, progressing()),
    },
    want: 'again 700',
  },
};

function progressing() {
  return experimentStatus({
    conditions: [
      {
        type: 'Progressing',
        status: 'True',
        reason: 'TrialsRunning',
        message: '',
        lastTransitionTime: '',
        observedGeneration: 1,
      },
    ],
  });
}

for (const [name, { want, ...given }] of Object.entries(cases)) {
  test(name, () => assert.equal(text(planFor(given)), want));
}

test('planning is idempotent: what was written is not written again', () => {
  const first = planFor({
    status: isRunning,
    trials: all.slice(0, 2),
    spec: { trials: { max: 2 } },
  });
  const status = first.change?.status;
  assert.ok(status !== undefined);
  assert.equal(text(planFor({ status: experimentStatus(status), trials: all.slice(0, 2) })), '');
});

test('status says how far it is, by state', () => {
  const { change } = planFor({
    spec: { trials: { max: 9, parallel: 1, maxFailed: 5 } },
    trials: [
      one(0, succeeded(0.5)),
      one(1, failed()),
      one(2, invalid()),
      one(3, running()),
      one(4),
    ],
  });
  assert.equal(change?.status.progress, '2/9');
  assert.deepEqual(change?.status.configurations, {
    created: 5,
    completed: 3,
    failed: 1,
    invalid: 1,
  });
  assert.deepEqual(change?.status.trials, {
    total: 5,
    pending: 1,
    starting: 0,
    running: 1,
    paused: 0,
    succeeded: 1,
    stopped: 0,
    failed: 2,
  });
});

test('conditions follow the phase, and their time moves only when their status does', () => {
  const conditions = (plan: ExperimentPlan) =>
    plan.change?.status.conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
  const begun = planFor({ trials: [one(0, running())] });
  assert.deepEqual(conditions(begun), ['Progressing True TrialsRunning']);
  const status = begun.change?.status;
  assert.ok(status !== undefined);
  const later = planFor({ status: experimentStatus(status), trials: all, nowMs: NOW + MINUTE });
  assert.deepEqual(conditions(later), [
    'Progressing False MaxTrialsReached',
    'Succeeded True MaxTrialsReached',
    'Failed False MaxTrialsReached',
  ]);
  const again = planFor({
    status: experimentStatus(status),
    trials: [one(0, running()), one(1, running())],
    nowMs: NOW + MINUTE,
  });
  assert.deepEqual(
    again.change?.status.conditions.map(({ lastTransitionTime }) => lastTransitionTime),
    status.conditions.map(({ lastTransitionTime }) => lastTransitionTime),
  );
  const paused = planFor({ spec: { desiredState: 'Pause' }, trials: [one(0, running())] });
  assert.deepEqual(conditions(paused), ['Progressing False Paused']);
});

test('F10 F13 a stream that is away or lost something shows on Experiments until it is whole', () => {
  const trials = [one(0, running())];
  const degraded = (plan: ExperimentPlan) => {
    const found = plan.change?.status.conditions.find(({ type }) => type === 'Degraded');
    return found && [found.status, found.reason, found.message].join(' ');
  };
  const told = (plan: ExperimentPlan) =>
    plan.events
      .map(({ type, reason }) => `${type} ${reason}`)
      .filter((text) => /Stream/.test(text));
  const away = { reason: 'MetricsStreamUnavailable', message: 'nobody is heard' } as const;
  const gone = { reason: 'MetricsStreamLost', message: 'it was made anew' } as const;
  const first = planFor({ status: isRunning, trials, more: { troubles: [away] } });
  assert.equal(degraded(first), 'True MetricsStreamUnavailable nobody is heard');
  assert.deepEqual(told(first), ['Warning MetricsStreamUnavailable']);
  const after = (plan: ExperimentPlan) => experimentStatus(plan.change?.status ?? {});
  const second = planFor({ status: after(first), trials, more: { troubles: [gone, away] } });
  assert.equal(degraded(second), 'True MetricsStreamLost it was made anew; nobody is heard');
  assert.deepEqual(told(second), ['Warning MetricsStreamLost']);
  const third = planFor({ status: after(second), trials, more: { troubles: [gone, away] } });
  assert.deepEqual([degraded(third), told(third)], [undefined, []], 'told once');
  const fourth = planFor({ status: after(second), trials });
  assert.equal(
    degraded(fourth),
    'False MetricsStreamLost what the metrics stream lost was sent again, or comes from files',
  );
  assert.deepEqual(told(fourth), ['Normal MetricsStreamLost']);
});

test('F15 Degraded comes with the trouble and says when it is over', () => {
  const trials = [one(0, running())];
  const bad = planFor({ status: isRunning, trials, more: { store: down } });
  const degraded = (plan: ExperimentPlan) =>
    plan.change?.status.conditions.find(({ type }) => type === 'Degraded');
  assert.deepEqual(
    [degraded(bad)?.status, degraded(bad)?.reason],
    ['True', 'ArtifactStoreUnavailable'],
  );
  assert.ok(
    bad.events.some(
      ({ type, reason }) => type === 'Warning' && reason === 'ArtifactStoreUnavailable',
    ),
  );
  const status = experimentStatus(bad.change?.status ?? {});
  const good = planFor({ status, trials });
  assert.equal(degraded(good)?.status, 'False');
  assert.ok(
    good.events.some(
      ({ type, reason }) => type === 'Normal' && reason === 'ArtifactStoreUnavailable',
    ),
  );
});

test('a new best and a new phase are Events', () => {
  const { events } = planFor({ status: isRunning, trials: all });
  assert.deepEqual(
    events.map(({ reason }) => reason),
    ['NewBest', 'MaxTrialsReached'],
  );
});

test('G11 a message of any length is cut', () => {
  const parameters = Array.from({ length: 60 }, (_, i) => ({
    name: `p${i}`,
    float: { min: 2, max: 1 },
  }));
  const { change } = planFor({ spec: { parameters } });
  assert.equal(change?.status.message?.length, 1024);
});

test('replicates of a configuration with a fault are skipped', () => {
  const trials = [trial('a-00000', replicateOf(0, 0), failed())];
  const plan = planFor({
    spec: { replicates: { parameter: 'seed', values: [1, 2] }, trials: { max: 3, parallel: 1 } },
    status: isRunning,
    trials,
  });
  assert.equal(text(plan), 'set-finalizer, create 2, view Running WaitingForSlots');
});

const messages: Record<string, { given: Given; want: string }> = {
  'one trial runs': { given: { trials: [one(0, running())] }, want: '1 trial runs, 0 wait' },
  'one waits': {
    given: { trials: [one(0, running()), one(1, running()), one(2)] },
    want: '2 trials run, 1 waits',
  },
  'one goes on under Pause': {
    given: { spec: { desiredState: 'Pause' }, trials: [one(0, running())] },
    want: 'no new trials; 1 goes on',
  },
  'one is waited for': {
    given: { spec: { desiredState: 'Stop' }, trials: [one(0, running())] },
    want: 'desiredState is Stop; waiting for 1 trial to end',
  },
  'all that max allows have ended': {
    given: { spec: { trials: { max: 1, parallel: 1 } }, trials: [one(0, succeeded(0.5))] },
    want: 'trials.max is reached',
  },
};
for (const [name, { given, want }] of Object.entries(messages)) {
  test(`what an Experiment says of itself: ${name}`, () => {
    assert.equal(planFor(given).change?.status.message, want);
  });
}
