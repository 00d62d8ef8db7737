import type { TrialStatus } from '@espalier/api';
import type { PodView } from './pod-view.ts';

/** One step of an executor; each is idempotent. */
export type TrialAction =
  /** Follow the reports of the Trial. */
  | { readonly kind: 'follow' }
  /**
   * The Trial ended: its reports are of no more interest; `isRecorded` = its files hold all of them, so
   * the stream may drop them (G7).
   */
  | { readonly kind: 'forget'; readonly isRecorded: boolean }
  | { readonly kind: 'create-pod'; readonly attempt: number }
  | { readonly kind: 'delete-pod'; readonly pod: PodView; readonly force: boolean }
  /** The pod's end is in the ledger: let it go (G2). */
  | { readonly kind: 'release-pod'; readonly pod: PodView }
  /** Look at the files of that attempt. */
  | { readonly kind: 'inspect'; readonly attempt: number }
  /** Rebuild the reports of that attempt from its files: the stream has lost some (G7). */
  | { readonly kind: 'recover'; readonly attempt: number }
  /** Stop here unless the pod of that attempt is really gone (G1). */
  | { readonly kind: 'confirm-gone'; readonly attempt: number }
  /**
   * Stop here with `otherwise` as the status unless one of these members has a whole checkpoint, from which
   * another can go on in the Trial's place.
   */
  | {
      readonly kind: 'require-donor';
      readonly among: readonly number[];
      readonly otherwise: TrialStatus;
    }
  /** Delete the checkpoints of a Trial that cannot be the best. */
  | { readonly kind: 'drop-checkpoints' };

/** What to write; a `record` cannot be observed again, a `view` can. */
export interface StatusChange {
  readonly status: TrialStatus;
  readonly write: 'record' | 'view';
}

/** Worth telling a person; the reconciler adds whom it is about. */
export interface PlannedEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface TrialPlan {
  readonly actions: readonly TrialAction[];
  /** Written after all actions succeeded; undefined = status is as it should be. */
  readonly change?: StatusChange;
  /** Emitted after the write. */
  readonly events: readonly PlannedEvent[];
  /** Look again after so long, even if nothing changes; 0 = at once. */
  readonly requeueAfterMs?: number;
}

export function planOf(
  actions: readonly TrialAction[],
  change?: StatusChange,
  requeueAfterMs?: number,
): TrialPlan {
  return {
    actions,
    events: [],
    ...(change === undefined ? {} : { change }),
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  };
}
