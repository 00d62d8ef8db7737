import type { ResumePoint } from './resume-point.ts';

/**
 * A pod as the planner sees it, narrowed at the edge: a Pod of the API server, or a child process.
 * All times are milliseconds since 1970 by the clock of whoever runs the pod.
 */
export interface PodView {
  readonly namespace: string;
  /** `<trial>-a<attempt>`. */
  readonly name: string;
  readonly uid: string;
  readonly trialUid: string;
  readonly attempt: number;
  readonly createdMs: number;
  /** When a node was chosen; undefined = still waiting for one, or for admission. */
  readonly scheduledMs?: number;
  /** When the trainer's process started. */
  readonly startedMs?: number;
  /** When somebody asked for its end; the pod may run on until its grace period is over. */
  readonly deletingSinceMs?: number;
  /** Set once no process of the pod runs any more. */
  readonly end?: PodEnd;
  /** Why it cannot start, in the kubelet's words: ErrImagePull, CreateContainerConfigError, ... */
  readonly waitingReason?: string;
  /** What no node has enough of now, in the scheduler's words: `nvidia.com/gpu`, `cpu`. */
  readonly lacks?: readonly string[];
  /** The checkpoint that it was made to begin with; undefined = it starts anew. */
  readonly resumeFrom?: ResumePoint;
  /** False once its end is recorded in the Trial's ledger and our finalizer is gone. */
  readonly held: boolean;
}

/** How the process of a pod ended. */
export interface PodEnd {
  /** When its last process ended: with a sidecar, after the trainer's last reports were carried. */
  readonly atMs: number;
  /**
   * 128 + signal number when a signal ended it; undefined = it never started or nobody knows. Of a pod
   * whose data could not be fetched, that of the fetching.
   */
  readonly exitCode?: number;
  readonly oomKilled: boolean;
  /** DisruptionTarget, eviction, node loss: the platform's doing. */
  readonly disrupted: boolean;
  /** The local runner that owned it was interrupted or died. */
  readonly interrupted: boolean;
  /** What the trainer left as its termination message; hostile text. */
  readonly message?: string;
}
