import { CONDITION, type Condition, isTerminalExperiment } from '@espalier/api';
import { formatTime } from '../time.ts';
import type { ExperimentState } from './state.ts';
import { overText, type Trouble } from './trouble.ts';

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
  troubles: readonly Trouble[],
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
  const degraded = degradedBy(before, troubles);
  if (degraded === undefined) return conditions;
  const condition = { type: CONDITION.degraded, observedGeneration: generation, ...degraded };
  return setCondition(conditions, condition, nowMs);
}

/** Undefined = it never was. */
function degradedBy(
  before: readonly Condition[],
  troubles: readonly Trouble[],
): Pick<Condition, 'status' | 'reason' | 'message'> | undefined {
  const [first] = troubles;
  if (first !== undefined) {
    const message = troubles.map((trouble) => trouble.message).join('; ');
    return { status: 'True', reason: first.reason, message: message.slice(0, 1024) };
  }
  const was = before.find(({ type }) => type === CONDITION.degraded);
  if (was === undefined) return undefined;
  const message = was.status === 'True' ? overText(was.reason) : was.message;
  return { status: 'False', reason: was.reason, message };
}
