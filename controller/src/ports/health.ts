import type { Trouble } from '../domain/experiment/trouble.ts';

/** What all Experiments depend on and none of them can tell by itself. */
export interface Health {
  /** Empty = all is well. */
  readonly troubles: readonly Trouble[];
  /** Calls back when a trouble has come or gone. */
  onChange(listener: () => void): void;
}
