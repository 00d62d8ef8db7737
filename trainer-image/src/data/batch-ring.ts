import type { Change } from './pass.ts';
import type { PixelFile } from './pixel-file.ts';
import type { Resampler } from './resamplers.ts';

/** Batches made ready at most, the one in use among them: what bounds the memory. */
export const DEPTH = 3;

/**
 * Places in the control array that the threads of a pool share. Positions (of images) and batches
 * are counted over all passes, so a thread that is late for a pass cannot take from the next one.
 */
export const CONTROL = {
  /** The next position that nobody has taken. */
  next: 0,
  /** Batches that the consumer is done with. */
  released: 1,
  /** The next image to be decoded ahead, if nobody has. */
  ahead: 2,
  /** Images in the pixel file. */
  decoded: 3,
  /** Images in each slot of the ring, from here on. */
  filled: 4,
} as const;

/** How far an image is on its way into the pixel file. */
export const STATE = { missing: 0, taken: 1, there: 2 } as const;

/** What every thread of a pool gets at its start. */
export interface PoolJob {
  readonly paths: readonly string[];
  readonly side: number;
  readonly resampler: Resampler;
  readonly file: PixelFile;
  /** A {@link STATE} per image. */
  readonly states: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
}

/** A pass as its pool's threads get it: the images of all batches in a row. */
export interface PassMessage {
  readonly images: Uint32Array;
  /** Where each batch begins in `images`, and at last their number. */
  readonly starts: Uint32Array;
  /** The version of each batch; -1 = as they are. */
  readonly versions: Int32Array;
  readonly change: Change | undefined;
  readonly firstPosition: number;
  readonly firstBatch: number;
  readonly ring: SharedArrayBuffer;
  readonly slotBytes: number;
}

export function slotOf(batch: number): number {
  return batch % DEPTH;
}
