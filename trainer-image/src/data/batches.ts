import type { Device, Tensor } from '../backend/device.ts';
import { permutation, RandomStream } from '../random/stream.ts';
import type { Augmenter } from './augment.ts';
import type { ImageSet } from './image-set.ts';

/** The order of a shuffled pass; it depends on the seed, the purpose and the epoch alone. */
export function shuffledOrder(
  length: number,
  seed: number,
  purpose: string,
  epoch: number,
): Uint32Array {
  return permutation(length, new RandomStream(seed, purpose, epoch));
}

export function fileOrder(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, index) => index);
}

/** The indices of batch `index`; the last batch of a pass may be short. */
export function batchOf(order: Uint32Array, index: number, batchSize: number): Uint32Array {
  return order.subarray(index * batchSize, (index + 1) * batchSize);
}

export function countBatches(length: number, batchSize: number): number {
  return Math.ceil(length / batchSize);
}

/** How the images of a batch are changed on their way. */
interface Change {
  readonly augment: Augmenter | undefined;
  readonly epoch: number;
}

/** Images as floats from 0 to 1; bytes cross to the device, a quarter of the traffic. */
export function feed(
  device: Device,
  images: ImageSet,
  indices: Uint32Array,
  change?: Change,
): Tensor {
  const { side } = images;
  const pixels = images.pixels(indices);
  if (change?.augment !== undefined) {
    const bytes = side * side * 3;
    for (const [place, image] of indices.entries()) {
      const one = pixels.subarray(place * bytes, (place + 1) * bytes);
      change.augment(one, side, change.epoch, image);
    }
  }
  return toFloats(device, pixels, [indices.length, side, side, 3]);
}

/** Bytes as floats from 0 to 1 on the device; `pixels` must not change while the tensor lives. */
export function toFloats(device: Device, pixels: Uint8Array, shape: readonly number[]): Tensor {
  const a = device.attribute;
  const bytes = device.bytes(shape, pixels);
  const cast = [a.uint8('SrcT'), a.float32('DstT'), a.flag('Truncate', false)];
  const values = device.run('Cast', cast, bytes);
  const scale = device.scalar(1 / 255);
  const scaled = device.run('Mul', [a.float32('T')], values, scale);
  device.free(bytes, values, scale);
  return scaled;
}
