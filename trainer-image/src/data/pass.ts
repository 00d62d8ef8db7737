import { type Augmenter, type AugmentSettings, augmenter } from './augment.ts';

/** Images that go to the network together. */
export interface BatchRequest {
  readonly images: Uint32Array;
  /** Which of the changed versions of each image; undefined = as it is. */
  readonly version?: number;
}

/** One way through images, known as a whole so that batches can be made ready ahead of their use. */
export interface Pass {
  readonly requests: readonly BatchRequest[];
  readonly change?: Change;
}

/** How versions differ from their image; plain data, so that a worker thread may have it. */
export interface Change {
  readonly settings: AugmentSettings;
  /** Tells apart what the same version and image are drawn for. */
  readonly purpose: string;
}

/** @returns undefined if `change` leaves all images as they are. */
export function augmenterOf(change: Change | undefined): Augmenter | undefined {
  return change && augmenter(change.settings, change.purpose);
}
