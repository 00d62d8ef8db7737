/** One batch as the epoch counts it. */
export interface BatchScore {
  readonly images: number;
  readonly loss: number;
  readonly accuracy: number;
}

/** Sums over the batches of a pass; plain numbers, so that a checkpoint can hold them. */
export interface Tally {
  batches: number;
  images: number;
  loss: number;
  accuracy: number;
  /** The same, each batch counted by its images. */
  weightedLoss: number;
  weightedAccuracy: number;
}

export interface PassMeans {
  /** Means of the batches' means: a short last batch weighs as much as a full one, as in the recipe. */
  readonly loss: number;
  readonly accuracy: number;
  /** Means over the images. */
  readonly weightedLoss: number;
  readonly weightedAccuracy: number;
}

export function emptyTally(): Tally {
  return { batches: 0, images: 0, loss: 0, accuracy: 0, weightedLoss: 0, weightedAccuracy: 0 };
}

export function addBatch(tally: Tally, { images, loss, accuracy }: BatchScore): void {
  tally.batches += 1;
  tally.images += images;
  tally.loss += loss;
  tally.accuracy += accuracy;
  tally.weightedLoss += loss * images;
  tally.weightedAccuracy += accuracy * images;
}

export function meansOf(tally: Tally): PassMeans {
  return {
    loss: tally.loss / tally.batches,
    accuracy: tally.accuracy / tally.batches,
    weightedLoss: tally.weightedLoss / tally.images,
    weightedAccuracy: tally.weightedAccuracy / tally.images,
  };
}
