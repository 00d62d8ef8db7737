import {
  type BestTrial,
  durationMs,
  type Experiment,
  type ExperimentStatus,
  isTerminalExperiment,
} from '@espalier/api';
import { populationOf, vacancies } from '../population/population.ts';
import { isSame, omitUndefined } from '../same.ts';
import { formatTime, leftOf, parseTime } from '../time.ts';
import { bestOf } from './best.ts';
import { conditionsOf } from './conditions.ts';
import { experimentEvents } from './experiment-events.ts';
import { expiryMs, hasFinalizer } from './expiry.ts';
import { paretoOf } from './pareto.ts';
import { planDeletion } from './plan-deletion.ts';
import type {
  ExperimentAction,
  ExperimentPlan,
  ExperimentSnapshot,
  StoreState,
} from './snapshot.ts';
import {
  countedConfigurations,
  type ExperimentState,
  experimentDeadline,
  stateOf,
} from './state.ts';
import type { Trouble } from './trouble.ts';

/** Trials created by one plan: whoever is next in the queue waits for no more writes than these. */
const CREATE_AT_ONCE = 4;

/**
 * What to do about one Experiment now; the same snapshot and time always give the same plan.
 *
 * Files first, then the record of them: `best.json` moves before status names the best, and
 * `trials.csv` is written before the terminal phase; whoever is killed between does both again.
 */
export function planExperiment(snapshot: ExperimentSnapshot, nowMs: number): ExperimentPlan {
  const { experiment, store } = snapshot;
  if (experiment.metadata.deletionTimestamp !== undefined) return planDeletion(snapshot, nowMs);
  if (isTerminalExperiment(experiment.status?.phase)) return planFinished(experiment, nowMs);

  const state = stateOf(snapshot, nowMs);
  const isOver = isTerminalExperiment(state.phase);
  const canPublish = canUse(store, nowMs);
  const best = bestOf(experiment, snapshot.progress);
  const isNewBest = best !== undefined && !isSame(best, experiment.status?.best);
  // A store that is away must not keep an Experiment from ending for ever (G5).
  const mustEnd = isOver && isTooLate(snapshot, nowMs);

  const actions: ExperimentAction[] = [];
  if (canPublish && isNewBest && !mustEnd) actions.push({ kind: 'publish-best', best });
  // What the search begins with must be in the record before the first suggestion (G15).
  const isFirst = snapshot.warmStart !== undefined && state.wantsTrials;
  const creates = isFirst ? [] : nextActions(snapshot, state, nowMs);
  if (creates.length > 0 && !hasFinalizer(experiment)) {
    actions.push({ kind: 'set-finalizer', present: true });
  }
  actions.push(...creates);
  if (isOver && canPublish && !mustEnd && snapshot.progress.total > 0) {
    actions.push({ kind: 'publish-trials' });
  }
  if (isOver && !canPublish && !mustEnd && snapshot.progress.total > 0) {
    // All trials ended, but where they lie cannot be written down yet: it is not over.
    const waiting: ExperimentState = { ...state, phase: 'Stopping' };
    return withStatus(snapshot, [], waiting, experiment.status?.best, nowMs);
  }
  const named = canPublish || mustEnd ? best : experiment.status?.best;
  return withStatus(snapshot, actions, state, named, nowMs);
}

function withStatus(
  snapshot: ExperimentSnapshot,
  actions: readonly ExperimentAction[],
  state: ExperimentState,
  best: BestTrial | undefined,
  nowMs: number,
): ExperimentPlan {
  const { experiment, viewIntervalMs, lastViewMs } = snapshot;
  const before = experiment.status;
  const status = statusOf(snapshot, state, best, nowMs);
  const isBeginning = before?.warmStart === undefined && status.warmStart !== undefined;
  const deadlines = [
    snapshot.room.againMs,
    untilDeadline(snapshot, nowMs),
    untilRetry(snapshot, nowMs),
    isBeginning ? 0 : undefined,
  ];
  if (isSame(before, status)) return planWith(actions, deadlines);
  const isRecord = before?.startTime === undefined || isBeginning || isTurn(before, status);
  const waitMs = leftOf(viewIntervalMs, lastViewMs, nowMs);
  if (!isRecord && isCountOnly(before, status) && waitMs > 0) {
    return planWith(actions, [...deadlines, waitMs]);
  }
  const change = { status, write: isRecord ? 'record' : 'view' } as const;
  return { ...planWith(actions, deadlines), change, events: experimentEvents(before, status) };
}

function planWith(
  actions: readonly ExperimentAction[],
  timesMs: readonly (number | undefined)[],
): ExperimentPlan {
  const known = timesMs.filter((ms) => ms !== undefined);
  const plan = { actions, events: [] };
  return known.length === 0 ? plan : { ...plan, requeueAfterMs: Math.max(0, Math.min(...known)) };
}

/** A promotion comes first, and the next look at the Trials decides who comes after it. */
function nextActions(
  snapshot: ExperimentSnapshot,
  { promotion, wantsTrials }: ExperimentState,
  nowMs: number,
): ExperimentAction[] {
  if (promotion === undefined) return wantsTrials ? createActions(snapshot, nowMs) : [];
  return snapshot.room.free > 0 ? [{ kind: 'promote-trial', ...promotion }] : [];
}

function createActions(snapshot: ExperimentSnapshot, nowMs: number): ExperimentAction[] {
  const { experiment, progress, room } = snapshot;
  const { replicates } = progress;
  // Within a configuration that has begun, then as many whole ones as `max` allows (K8).
  const started = (replicates - (progress.nextIndex % replicates)) % replicates;
  const configurations = Math.max(
    0,
    experiment.spec.trials.max - countedConfigurations(experiment, progress),
  );
  // Of a race, whether there is a next one is known when the one before is.
  const wanted = progress.race === undefined ? started + configurations * replicates : room.free;
  const count = Math.min(room.free, wanted, openPlaces(snapshot, nowMs), CREATE_AT_ONCE);
  return Array.from({ length: count }, (_, i) => ({
    kind: 'create-trial' as const,
    index: progress.nextIndex + i,
  }));
}

/** How many Trials a population has room for; any number for an Experiment without one. */
function openPlaces({ experiment, progress, store }: ExperimentSnapshot, nowMs: number): number {
  const population = populationOf(experiment.spec);
  if (population === undefined) return Number.POSITIVE_INFINITY;
  // Behind the first ones each needs a donor's checkpoint.
  const first = Math.max(0, population.size - progress.nextIndex);
  return Math.min(
    vacancies(population, progress),
    canUse(store, nowMs) ? Number.POSITIVE_INFINITY : first,
  );
}

/** TTL removes the objects of a finished Experiment, never what it left in the store. */
function planFinished(experiment: Experiment, nowMs: number): ExperimentPlan {
  const expiresMs = expiryMs(experiment);
  if (expiresMs === undefined) return planWith([], []);
  if (nowMs < expiresMs) return planWith([], [expiresMs - nowMs]);
  return planWith([{ kind: 'delete-experiment' }], []);
}

function statusOf(
  { experiment, progress, store, troubles, warmStart }: ExperimentSnapshot,
  state: ExperimentState,
  best: BestTrial | undefined,
  nowMs: number,
): ExperimentStatus {
  const { status: before, metadata, spec } = experiment;
  const isOver = isTerminalExperiment(state.phase);
  const invalid = progress.invalid;
  const refused = spec.search.algorithm === 'grid' ? 0 : Math.min(invalid, spec.trials.max);
  const count = (phase: Parameters<typeof progress.phaseCount>[0]) => progress.phaseCount(phase);
  return omitUndefined({
    phase: state.phase,
    reason: state.reason,
    message: state.message.slice(0, 1024),
    observedGeneration: metadata.generation,
    startTime: before?.startTime ?? formatTime(nowMs),
    completionTime: isOver ? formatTime(nowMs) : undefined,
    progress: `${progress.completed - refused}/${spec.trials.max}`,
    trials: {
      total: progress.total,
      pending: count('Pending'),
      starting: count('Starting'),
      running: count('Running'),
      paused: count('Paused'),
      succeeded: count('Succeeded'),
      stopped: count('Stopped'),
      failed: count('Failed'),
    },
    configurations: {
      created: progress.created,
      completed: progress.completed,
      failed: progress.failed,
      invalid,
    },
    best,
    pareto: paretoOf(experiment, progress) ?? before?.pareto,
    warmStart: before?.warmStart ?? (state.wantsTrials ? warmStart : undefined),
    conditions: conditionsOf(
      before?.conditions ?? [],
      state,
      // Status is written after the store was used again with success, or with nothing to use it for.
      [...storeTrouble(store, nowMs), ...(isOver ? [] : troubles)],
      metadata.generation,
      nowMs,
    ),
  });
}

/** Whether a phase was entered that must survive a restart, since Trials act upon it. */
function isTurn(before: ExperimentStatus, after: ExperimentStatus): boolean {
  const isEnding = after.phase === 'Stopping' || isTerminalExperiment(after.phase);
  return isEnding && (before.phase !== after.phase || before.reason !== after.reason);
}

/** Whether only numbers and texts changed, which may be shown a little later. */
function isCountOnly(before: ExperimentStatus | undefined, after: ExperimentStatus): boolean {
  if (before === undefined || before.phase !== after.phase) return false;
  if (before.observedGeneration !== after.observedGeneration) return false;
  const statuses = ({ conditions }: ExperimentStatus) =>
    conditions.map(({ type, status }) => [type, status]);
  return isSame(before.best, after.best) && isSame(statuses(before), statuses(after));
}

function untilDeadline(snapshot: ExperimentSnapshot, nowMs: number): number | undefined {
  const deadlineMs = experimentDeadline(snapshot);
  return deadlineMs === undefined || deadlineMs <= nowMs ? undefined : deadlineMs - nowMs;
}

function untilRetry({ store }: ExperimentSnapshot, nowMs: number): number | undefined {
  return store.kind === 'ok' || canUse(store, nowMs) ? undefined : store.retryAtMs - nowMs;
}

function canUse(store: StoreState, nowMs: number): boolean {
  return store.kind === 'ok' || store.retryAtMs <= nowMs;
}

function storeTrouble(store: StoreState, nowMs: number): Trouble[] {
  if (store.kind === 'ok' || canUse(store, nowMs)) return [];
  return [{ reason: 'ArtifactStoreUnavailable', message: store.message }];
}

/** Whether the store has been away for longer than a clean end is worth waiting for. */
function isTooLate({ experiment, progress, store }: ExperimentSnapshot, nowMs: number): boolean {
  if (store.kind === 'ok') return false;
  const endedMs = progress.lastEndMs ?? parseTime(experiment.status?.startTime) ?? nowMs;
  return nowMs - endedMs > durationMs(experiment.spec.deadlines.cleanup);
}
