/** Something outside is broken; the Experiment goes on as well as it can. */
export interface Trouble {
  readonly reason: TroubleReason;
  /** What is broken, what it means, what to do; it stays the same while the trouble lasts. */
  readonly message: string;
}

export type TroubleReason =
  /** Nothing can be heard of trainers. */
  | 'MetricsStreamUnavailable'
  /** The stream lost what was in it; that is sent again, or read from files. */
  | 'MetricsStreamLost'
  | 'ArtifactStoreUnavailable';

const OVER: Readonly<Record<TroubleReason, string>> = {
  MetricsStreamUnavailable: 'the metrics stream can be read again',
  MetricsStreamLost: 'what the metrics stream lost was sent again, or comes from files',
  ArtifactStoreUnavailable: 'the artifact store answers again',
};

/** What to say once a trouble is over; its reason may have been written by another version. */
export function overText(reason: string): string {
  return OVER[reason as TroubleReason] ?? 'all is well again';
}
