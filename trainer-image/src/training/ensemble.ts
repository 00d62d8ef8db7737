import type { Device, Tensor } from '../backend/device.ts';
import type { AugmentSettings } from '../data/augment.ts';
import { batchesOf, feed, fileOrder } from '../data/batches.ts';
import type { ImageSet } from '../data/image-set.ts';
import { augmenterOf } from '../data/pass.ts';
import { softmax } from '../loss/softmax.ts';
import type { Network } from '../network/network.ts';
import type { PassParts } from './submission.ts';

export interface EnsembleSettings extends AugmentSettings {
  readonly batchSize: number;
  /** Augmented versions of every image beside the plain one; 0 = the plain one alone. */
  readonly tta: number;
  /** Weight of the plain version; the others share the rest. */
  readonly ttaWeight: number;
}

/** The network's probabilities for the images of a batch. */
export interface BatchProbabilities {
  readonly images: Uint32Array;
  readonly rows: Float64Array[];
}

/**
 * The network's probabilities for all `images`, batch by batch, in their order: of the plain image, or
 * the weighted mean of those of the plain one and of its augmented versions.
 */
export async function* classProbabilities(
  { device, network, stop }: Omit<PassParts, 'progress'>,
  images: ImageSet,
  settings: EnsembleSettings,
): AsyncGenerator<BatchProbabilities> {
  const { tta, ttaWeight, batchSize } = settings;
  const change = { settings, purpose: 'tta' };
  const versions = augmenterOf(change) === undefined ? 0 : tta;
  const requests = batchesOf(fileOrder(images.length), batchSize).flatMap((batch) => [
    { images: batch },
    ...Array.from({ length: versions }, (_, version) => ({ images: batch, version })),
  ]);
  const [plainWeight, share] = versions === 0 ? [1, 0] : [ttaWeight, (1 - ttaWeight) / versions];
  let rows: Float64Array[] = [];
  for await (const batch of feed(device, images, { requests, change }, stop)) {
    const { version = -1, images: indices } = batch.request;
    const values = probabilitiesOf(device, network, batch.images);
    if (version < 0) rows = values.map((row) => row.map((value) => value * plainWeight));
    else for (const [i, row] of rows.entries()) addWeighted(row, values[i] ?? [], share);
    if (version === versions - 1) yield { images: indices, rows };
  }
}

function addWeighted(sums: Float64Array, values: ArrayLike<number>, weight: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + weight * (values[i] ?? 0);
}

/** Takes `images`. */
function probabilitiesOf(device: Device, network: Network, images: Tensor): Float64Array[] {
  const logits = network.evaluate(images);
  const [rows = 0, classes = 0] = logits.shape;
  const values = device.readFloats(logits);
  device.free(images, logits);
  return Array.from({ length: rows }, (_, row) =>
    softmax(values.subarray(row * classes, (row + 1) * classes)),
  );
}
