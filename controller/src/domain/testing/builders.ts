import {
  type Attempt,
  type Experiment,
  type ExperimentSpec,
  experimentSchema,
  type Rung,
  type Trial,
  type TrialPhase,
  type TrialReason,
  type TrialStatus,
} from '@espalier/api';
import { formatTime } from '../time.ts';
import type { FeedView } from '../trial/feed-view.ts';
import { NEW_STATUS } from '../trial/ledger.ts';
import type { PodEnd, PodView } from '../trial/pod-view.ts';
import type { TrialSnapshot } from '../trial/snapshot.ts';

/** The moment of every test that names none. */
export const NOW = 1_800_000_000_000;
export const MINUTE = 60_000;

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> }
    : T;
export type SpecInput = DeepPartial<ExperimentSpec>;
export type Mod<T> = (object: T) => T;

/** An Experiment with the schema's defaults: random search over one learning rate, 4 trials. */
export function experiment(spec: SpecInput = {}, ...mods: Mod<Experiment>[]): Experiment {
  const parsed = experimentSchema.parse({
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Experiment',
    metadata: {
      name: 'a',
      namespace: 'team',
      uid: 'a-uid',
      generation: 1,
      creationTimestamp: formatTime(NOW),
    },
    spec: {
      objective: { metric: 'acc', goal: 'maximize' },
      parameters: [{ name: 'lr', float: { min: 0.001, max: 0.1, scale: 'log' } }],
      trials: { max: 4 },
      ...spec,
    },
  });
  return mods.reduce((object, mod) => mod(object), parsed);
}

export function experimentStatus(
  status: Partial<NonNullable<Experiment['status']>>,
): Mod<Experiment> {
  const base = { phase: 'Running', observedGeneration: 1, conditions: [] } as const;
  return (object) => ({
    ...object,
    status: {
      ...base,
      startTime: formatTime(NOW),
      ...object.status,
      ...status,
      conditions: [...(status.conditions ?? object.status?.conditions ?? [])],
    },
  });
}

export function deleting(atMs = NOW): Mod<Experiment> {
  return (object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      deletionTimestamp: formatTime(atMs),
      finalizers: ['espalier.dev/accounting'],
    },
  });
}

/** A Trial of Experiment `a`: the digits of its name are its index. */
export function trial(name = 'a-00000', ...mods: Mod<Trial>[]): Trial {
  const index = Number(name.split('-').at(-1));
  const object: Trial = {
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Trial',
    metadata: {
      name,
      namespace: 'team',
      uid: `${name}-uid`,
      resourceVersion: '',
      generation: 1,
      creationTimestamp: formatTime(NOW),
      ownerReferences: [
        {
          apiVersion: 'espalier.dev/v1alpha1',
          kind: 'Experiment',
          name: 'a',
          uid: 'a-uid',
          controller: true,
        },
      ],
    },
    spec: {
      index,
      configuration: index,
      replicate: 0,
      parameters: [{ name: 'lr', float: 0.01 }],
      algorithm: 'random@1',
    },
  };
  return mods.reduce((changed, mod) => mod(changed), object);
}

export function status(change: Partial<TrialStatus>): Mod<Trial> {
  return (object) => ({ ...object, status: { ...(object.status ?? NEW_STATUS), ...change } });
}

export const inPhase = (phase: TrialPhase, reason?: TrialReason): Mod<Trial> =>
  status(reason === undefined ? { phase } : { phase, reason });
export const running = () => inPhase('Running');
export const value = (objective: number): Mod<Trial> =>
  status({ observation: { value: objective, step: 10, lastStep: 10, lastEpoch: 1, points: 1 } });

/** Ended with that value. */
export function succeeded(objective: number): Mod<Trial> {
  return (object) =>
    status({ completionTime: formatTime(NOW) })(
      value(objective)(inPhase('Succeeded', 'Completed')(object)),
    );
}

/** The Trial is at that attempt; the ones before it were disrupted unless `outcome` says otherwise. */
export function attempt(number: number, outcome: Attempt['outcome'] = 'Disrupted'): Mod<Trial> {
  const before = Array.from({ length: number }, (_, i): Attempt => {
    return outcome === undefined ? { number: i } : { number: i, outcome, reason: 'Disrupted' };
  });
  return status({ attempts: number === 0 ? [] : [...before, { number }] });
}

export const rungs = (...list: Rung[]): Mod<Trial> => status({ rungs: list });

export function replicateOf(configuration: number, replicate: number): Mod<Trial> {
  return (object) => ({ ...object, spec: { ...object.spec, configuration, replicate } });
}

/** A running pod of attempt 0, unless said otherwise. */
export function pod(change: Partial<PodView> = {}): PodView {
  const number = change.attempt ?? 0;
  return {
    namespace: 'team',
    name: `a-00000-a${number}`,
    uid: `pod-${number}`,
    trialUid: 'a-00000-uid',
    attempt: number,
    createdMs: NOW,
    scheduledMs: NOW,
    startedMs: NOW,
    held: true,
    ...change,
  };
}

export function ended(end: Partial<PodEnd> = {}, change: Partial<PodView> = {}): PodView {
  const base = { atMs: NOW, oomKilled: false, disrupted: false, interrupted: false };
  return pod({ ...change, end: { ...base, ...end } });
}

export function feed(change: Partial<FeedView> = {}): FeedView {
  return {
    points: 0,
    lastStep: 0,
    lastEpoch: 0,
    milestones: [],
    latest: {},
    isWhole: true,
    complete: false,
    ...change,
  };
}

/** The reports of a run whose best value is this. */
export function reported(objective: number, change: Partial<FeedView> = {}): FeedView {
  const best = { value: objective, step: 10, epoch: 1 };
  const times = { firstReportMs: NOW, lastReportMs: NOW };
  return feed({ points: 1, lastStep: 10, lastEpoch: 1, best, last: best, ...times, ...change });
}

/** A Trial that has a slot, no pods and no reports, under a running Experiment. */
export function trialSnapshot(change: Partial<TrialSnapshot> = {}): TrialSnapshot {
  return {
    trial: trial(),
    experiment: experiment(),
    pods: [],
    feed: undefined,
    followedSinceMs: undefined,
    files: { kind: 'unknown' },
    hasSlot: true,
    rungs: new Map(),
    population: undefined,
    isParent: false,
    siblingFailed: false,
    isLosing: false,
    lastViewMs: undefined,
    viewIntervalMs: 1000,
    ...change,
  };
}
