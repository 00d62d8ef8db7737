/** Something outside is broken; what runs goes on as well as it can. */
export interface Trouble {
  readonly reason: TroubleReason;
  /** What is broken, what it means, what to do. */
  readonly message: string;
}

export type TroubleReason =
  /** Nothing can be heard of trainers. */
  | 'MetricsStreamUnavailable'
  /** The stream lost what was in it; what was lost is sent again or read from files. */
  | 'MetricsStreamLost'
  | 'ArtifactStoreUnavailable';

/** What all Experiments depend on and none of them can tell by itself. */
export interface Health {
  /** Empty = all is well. */
  readonly troubles: readonly Trouble[];
  /** Calls back when a trouble comes, goes or changes its message. */
  onChange(listener: () => void): void;
}
