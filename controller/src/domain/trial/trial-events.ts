import { isTerminalTrial, type TrialStatus } from '@espalier/api';
import type { PlannedEvent } from './plan-types.ts';

/** What is worth telling about a status write: attempts that ended, verdicts, the end. */
export function trialEvents(
  before: TrialStatus | undefined,
  after: TrialStatus,
): readonly PlannedEvent[] {
  const events: PlannedEvent[] = [];
  const isOver = !isTerminalTrial(before?.phase) && isTerminalTrial(after.phase);
  for (const entry of after.attempts) {
    const known = before?.attempts.find(({ number }) => number === entry.number);
    if (entry.outcome === undefined || known?.outcome !== undefined || isOver) continue;
    const isPause = entry.outcome === 'Paused';
    const message = `attempt ${entry.number}: ${entry.message ?? ''}`;
    events.push({
      type: isPause ? 'Normal' : 'Warning',
      reason: entry.reason ?? entry.outcome,
      message: isPause ? message : `${message}; the next one follows`,
    });
  }
  const isWaiting = after.phase === 'Pending' || after.phase === 'Starting';
  const isNews =
    events.length === 0 &&
    after.reason !== before?.reason &&
    !after.attempts.some(({ reason }) => reason === after.reason);
  if (isWaiting && isNews && after.reason !== undefined) {
    const type = after.reason === 'SchedulingGated' ? 'Normal' : 'Warning';
    events.push({ type, reason: after.reason, message: after.message ?? '' });
  }
  for (const [place, { step, value, promoted }] of after.rungs.entries()) {
    if (promoted === undefined || before?.rungs[place]?.promoted !== undefined) continue;
    const message = `goes on from rung ${step}, where ${value} is among the best of ${promoted}`;
    events.push({ type: 'Normal', reason: 'Promoted', message });
  }
  for (const rung of after.rungs.slice(before?.rungs.length ?? 0)) {
    if (rung.verdict !== 'stop') continue;
    const message = `not good enough at rung ${rung.step}: ${rung.value}`;
    events.push({ type: 'Normal', reason: 'Stopping', message });
  }
  if (isOver) {
    const value = after.observation?.value;
    const message = `${after.message ?? ''}${value === undefined ? '' : `; value ${value}`}`;
    const type = after.phase === 'Failed' ? 'Warning' : 'Normal';
    events.push({ type, reason: after.reason ?? after.phase, message });
  }
  return events;
}
