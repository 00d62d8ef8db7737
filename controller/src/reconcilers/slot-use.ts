import { isTerminalTrial, type Trial } from '@espalier/api';
import type { SlotUse } from '../domain/experiment/slots.ts';
import { currentAttempt, NEW_STATUS } from '../domain/trial/ledger.ts';
import type { PodView } from '../domain/trial/pod-view.ts';

/** What the Trial and its pods do to the Experiment's budget of pods. */
export function slotUseOf(trial: Trial, pods: readonly PodView[]): SlotUse {
  const status = trial.status ?? NEW_STATUS;
  const isOver = isTerminalTrial(status.phase);
  const current = pods.find(({ attempt }) => attempt === currentAttempt(status));
  return {
    index: trial.spec.index,
    live: pods.filter(({ end }) => end === undefined).length,
    needsPod: !isOver && status.phase !== 'Paused' && current === undefined,
    isUncounted: !isOver && current?.end !== undefined,
  };
}
