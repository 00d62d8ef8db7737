import { CONDITION, type Condition, isTerminalExperiment } from '@espalier/api';
import { formatTime } from '../time.ts';
import type { StoreState } from './snapshot.ts';
import type { ExperimentState } from './state.ts';

/** The list with this condition in it; its time moves only when its status changes. */
export function setCondition(
  conditions: readonly Condition[],
  condition: Omit<Condition, 'lastTransitionTime'>,
  nowMs: number,
): Condition[] {
  const before = conditions.find(({ type }) => type === condition.type);
  const lastTransitionTime =
    before?.status === condition.status ? before.lastTransitionTime : formatTime(nowMs);
  const after = { ...condition, lastTransitionTime };
  if (before === undefined) return [...conditions, after];
  return conditions.map((other) => (other === before ? after : other));
}

/** All conditions of an Experiment in that state, in one place. */
export function conditionsOf(
  before: readonly Condition[],
  state: ExperimentState,
  store: StoreState,
  generation: number,
  nowMs: number,
): Condition[] {
  const { phase, reason, message } = state;
  const isTerminal = isTerminalExperiment(phase);
  const isProgressing = !isTerminal && phase !== 'Paused';
  const common = { reason, message: message.slice(0, 1024), observedGeneration: generation };
  const status = (is: boolean) => (is ? 'True' : 'False');
  let conditions = setCondition(
    before,
    { type: CONDITION.progressing, status: status(isProgressing), ...common },
    nowMs,
  );
  if (isTerminal) {
    for (const [type, is] of [
      [CONDITION.succeeded, phase === 'Succeeded'],
      [CONDITION.failed, phase === 'Failed'],
    ] as const) {
      conditions = setCondition(conditions, { type, status: status(is), ...common }, nowMs);
    }
  }
  const wasDegraded = before.some(({ type }) => type === CONDITION.degraded);
  if (store.kind === 'ok' && !wasDegraded) return conditions;
  const degraded =
    store.kind === 'ok'
      ? { status: 'False' as const, message: 'the artifact store answers again' }
      : { status: 'True' as const, message: store.message.slice(0, 1024) };
  return setCondition(
    conditions,
    {
      type: CONDITION.degraded,
      reason: 'ArtifactStoreUnavailable',
      observedGeneration: generation,
      ...degraded,
    },
    nowMs,
  );
}
