import type { Device, Tensor } from '../backend/device.ts';
import { type AugmentSettings, augmenter } from '../data/augment.ts';
import { feed } from '../data/batches.ts';
import type { ImageSet } from '../data/image-set.ts';
import { softmax } from '../loss/softmax.ts';
import type { Network } from '../network/network.ts';

export interface EnsembleSettings extends AugmentSettings {
  /** Augmented versions of every image beside the plain one; 0 = the plain one alone. */
  readonly tta: number;
  /** Weight of the plain version; the others share the rest. */
  readonly ttaWeight: number;
}

/**
 * The network's probabilities for each image of a batch: of the plain image, or the weighted mean of
 * those of the plain one and of its augmented versions.
 */
export function classProbabilities(
  device: Device,
  network: Network,
  images: ImageSet,
  indices: Uint32Array,
  settings: EnsembleSettings,
): Float64Array[] {
  const plain = probabilitiesOf(device, network, feed(device, images, indices));
  const augment = settings.tta > 0 ? augmenter(settings, 'tta') : undefined;
  if (augment === undefined) return plain;
  const share = (1 - settings.ttaWeight) / settings.tta;
  const mixed = plain.map((row) => row.map((value) => value * settings.ttaWeight));
  for (let version = 0; version < settings.tta; version++) {
    const changed = feed(device, images, indices, { augment, epoch: version });
    for (const [row, values] of probabilitiesOf(device, network, changed).entries()) {
      for (const [i, value] of values.entries()) {
        const sum = mixed[row];
        if (sum !== undefined) sum[i] = (sum[i] ?? 0) + share * value;
      }
    }
  }
  return mixed;
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
