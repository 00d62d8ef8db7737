import type { Device, Tensor } from '../backend/device.ts';
import { permutation, RandomStream } from '../random/stream.ts';
import type { ImageSet } from './image-set.ts';
import type { BatchRequest, Pass } from './pass.ts';

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

/** All batches of a pass in `order`. */
export function batchesOf(order: Uint32Array, batchSize: number): Uint32Array[] {
  const count = countBatches(order.length, batchSize);
  return Array.from({ length: count }, (_, index) => batchOf(order, index, batchSize));
}

/** A batch on the device; whoever gets it frees `images`. */
export interface Batch {
  /** Floats from 0 to 1; bytes cross to the device, a quarter of the traffic. */
  readonly images: Tensor;
  readonly request: BatchRequest;
}

/** The batches of `pass`, in order; see {@link ImageSet.batches}. */
export async function* feed(
  device: Device,
  images: ImageSet,
  pass: Pass,
  stop: AbortSignal,
): AsyncGenerator<Batch> {
  const requests = pass.requests.values();
  for await (const pixels of images.batches(pass, stop)) {
    const { value: request } = requests.next();
    if (request === undefined) throw new Error('more batches than the pass asked for');
    const shape = [request.images.length, images.side, images.side, 3];
    yield { images: toFloats(device, pixels, shape), request };
  }
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
