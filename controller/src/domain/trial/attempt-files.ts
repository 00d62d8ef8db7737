import type { Manifest, TrialArtifacts } from '@espalier/api';

/** What is known of the files of one attempt. */
export type AttemptFiles =
  /** Nobody has looked yet, or somebody is looking. */
  | { readonly kind: 'unknown' }
  /** No `manifest.json` and no whole checkpoint. */
  | { readonly kind: 'none' }
  /** Every listed file is there with its size and digest. */
  | { readonly kind: 'whole'; readonly manifest: Manifest; readonly artifacts: TrialArtifacts }
  /** Something listed is missing or differs. */
  | { readonly kind: 'damaged'; readonly message: string };
