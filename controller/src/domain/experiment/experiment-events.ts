import { CONDITION, type ExperimentStatus } from '@espalier/api';
import { isSame } from '../same.ts';
import type { PlannedEvent } from '../trial/plan-types.ts';

/** What is worth telling about a status write: phases, a new best, trouble outside. */
export function experimentEvents(
  before: ExperimentStatus | undefined,
  after: ExperimentStatus,
): readonly PlannedEvent[] {
  const events: PlannedEvent[] = [];
  const { best } = after;
  if (best !== undefined && !isSame(before?.best, best)) {
    const message = `${best.trial} is the best so far with ${best.value}`;
    events.push({ type: 'Normal', reason: 'NewBest', message });
  }
  if (before?.phase !== after.phase && after.phase !== 'Pending') {
    const type = after.phase === 'Failed' ? 'Warning' : 'Normal';
    const message = `${after.phase}: ${after.message ?? ''}`;
    events.push({ type, reason: after.reason ?? after.phase, message });
  }
  const isDegraded = degraded(after);
  if (isDegraded !== undefined && turnOf(degraded(before)) !== turnOf(isDegraded)) {
    const type = isDegraded.status === 'True' ? 'Warning' : 'Normal';
    events.push({ type, reason: isDegraded.reason, message: isDegraded.message });
  }
  return events;
}

/** Another reason is another trouble; another message is not. */
function turnOf(condition: ReturnType<typeof degraded>): string | undefined {
  return condition && `${condition.status} ${condition.reason}`;
}

function degraded(status: ExperimentStatus | undefined) {
  return status?.conditions.find(({ type }) => type === CONDITION.degraded);
}
