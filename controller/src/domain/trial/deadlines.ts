import { durationMs, type ExperimentSpec } from '@espalier/api';
import type { FeedView } from './feed-view.ts';
import type { PodView } from './pod-view.ts';

export type DeadlineName = 'queue' | 'pending' | 'startup' | 'stall' | 'run' | 'termination';

/** A deadline that runs for a pod that has not ended. */
export interface Deadline {
  readonly name: DeadlineName;
  readonly atMs: number;
  readonly lasts: string;
}

export interface LivePod {
  readonly pod: PodView;
  readonly feed: FeedView | undefined;
  /** Since when this process follows the reports. */
  readonly followedSinceMs: number | undefined;
}

/**
 * The deadline that passes first, for a pod in this state; undefined = none runs (an unscheduled pod
 * without `queue`).
 *
 * A process that has just begun to follow the reports may not have read them yet, so startup and
 * stall count from then at the earliest; run and pending count from what the platform says.
 */
export function nextDeadline(
  { pod, feed, followedSinceMs }: LivePod,
  spec: ExperimentSpec,
): Deadline | undefined {
  const { deadlines, trainer } = spec;
  const until = (name: DeadlineName, fromMs: number, lasts: string): Deadline => ({
    name,
    atMs: fromMs + durationMs(lasts),
    lasts,
  });
  if (pod.deletingSinceMs !== undefined) {
    const killedMs = pod.deletingSinceMs + durationMs(trainer.gracePeriod);
    return until('termination', killedMs, deadlines.termination);
  }
  if (pod.scheduledMs === undefined) {
    return deadlines.queue === undefined
      ? undefined
      : until('queue', pod.createdMs, deadlines.queue);
  }
  if (pod.startedMs === undefined) return until('pending', pod.scheduledMs, deadlines.pending);
  const { lastReportMs } = feed ?? {};
  const heard = Math.max(lastReportMs ?? pod.startedMs, followedSinceMs ?? 0);
  const silence =
    lastReportMs === undefined
      ? until('startup', heard, deadlines.startup)
      : until('stall', heard, deadlines.stall);
  if (deadlines.run === undefined) return silence;
  const run = until('run', pod.startedMs, deadlines.run);
  return run.atMs <= silence.atMs ? run : silence;
}

/** What passing it means, for people. */
export function deadlineText({ name, lasts }: Deadline): string {
  switch (name) {
    case 'queue':
      return `not scheduled within ${lasts} (deadlines.queue)`;
    case 'pending':
      return `scheduled but not started within ${lasts} (deadlines.pending)`;
    case 'startup':
      return `no report within ${lasts} of its start (deadlines.startup)`;
    case 'stall':
      return `no report for ${lasts} (deadlines.stall)`;
    case 'run':
      return `ran for longer than ${lasts} (deadlines.run)`;
    case 'termination':
      return `did not end within ${lasts} after its grace period (deadlines.termination)`;
  }
}
