import type { BestTrial, Experiment, Trial, WarmStartRecord } from '@espalier/api';
import type { PlannedEvent } from '../trial/plan-types.ts';
import type { PodView } from '../trial/pod-view.ts';
import type { SpecProblem } from './check.ts';
import type { ExperimentProgress } from './progress.ts';
import type { Trouble } from './trouble.ts';

/** Every fact that a decision about one Experiment may use, read from caches at one moment. */
export interface ExperimentSnapshot {
  readonly experiment: Experiment;
  /** What its Trials add up to. */
  readonly progress: Readonly<ExperimentProgress>;
  /** What keeps the spec from being run; empty = it can be. */
  readonly problems: readonly SpecProblem[];
  /** What the search begins with, once it is known and not recorded yet; see `warmStart` of the spec. */
  readonly warmStart?: WarmStartRecord | undefined;
  /** Why the search has no further configuration; undefined = it has, or nobody asked. */
  readonly exhausted: string | undefined;
  /** How many Trials may be created now, and when to ask again. */
  readonly room: { readonly free: number; readonly againMs?: number };
  /** What happened last when the artifact store was used. */
  readonly store: StoreState;
  /** What is broken of that which its Trials under way depend on. */
  readonly troubles: readonly Trouble[];
  /** When this process last wrote a status that only shows progress. */
  readonly lastViewMs: number | undefined;
  readonly viewIntervalMs: number;
  /** Only for an Experiment that is being deleted: all that is left of it. */
  readonly remains: { readonly trials: readonly Trial[]; readonly pods: readonly PodView[] };
}

export type StoreState =
  | { readonly kind: 'ok' }
  | { readonly kind: 'failing'; readonly message: string; readonly retryAtMs: number };

/** One step of an executor; each is idempotent. */
export type ExperimentAction =
  | { readonly kind: 'set-finalizer'; readonly present: boolean }
  /** Ask the search for the configuration and create the Trial; later ones wait for the answer. */
  | { readonly kind: 'create-trial'; readonly index: number }
  /** Let a paused Trial go on, if it still is the one. */
  | { readonly kind: 'promote-trial'; readonly index: number; readonly isEnd: boolean }
  | { readonly kind: 'publish-best'; readonly best: BestTrial }
  | { readonly kind: 'publish-trials' }
  | { readonly kind: 'delete-pod'; readonly pod: PodView }
  | { readonly kind: 'release-pod'; readonly pod: PodView }
  | { readonly kind: 'delete-trial'; readonly trial: Trial }
  | { readonly kind: 'delete-artifacts' }
  | { readonly kind: 'delete-experiment' };

export interface ExperimentPlan {
  readonly actions: readonly ExperimentAction[];
  /** Written after all actions succeeded. */
  readonly change?: {
    readonly status: NonNullable<Experiment['status']>;
    readonly write: 'record' | 'view';
  };
  readonly events: readonly PlannedEvent[];
  readonly requeueAfterMs?: number;
}
