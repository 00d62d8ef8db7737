import type { Device, Tensor } from '../backend/device.ts';
import { batchesOf, feed, fileOrder } from '../data/batches.ts';
import type { ImageSet } from '../data/image-set.ts';
import type { Layer } from '../network/layer.ts';
import type { Network } from '../network/network.ts';
import { ConfigurationError } from '../trainer-error.ts';
import type { PassParts } from './submission.ts';

/** Layers of a block, in the recipe's order: convolution, normalisation, rectifier, pooling. */
const BLOCK = 4;
const RECTIFIER = 2;

/** What a layer makes of each image, flattened in PyTorch's (channel, height, width) order. */
export interface Features {
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Images x numbers. */
  readonly values: Float32Array;
}

/**
 * The output of layer `index` of the recipe's cnn stack for all images, in their order, in evaluation
 * mode.
 *
 * @throws {ConfigurationError} if the stack has no such layer.
 */
export async function extractFeatures(
  { device, network, progress, stop }: PassParts,
  images: ImageSet,
  index: number,
  batchSize: number,
): Promise<Features> {
  const layers = layersUpTo(network, index);
  const requests = batchesOf(fileOrder(images.length), batchSize).map((batch) => ({
    images: batch,
  }));
  const parts: Float32Array[] = [];
  let shape: Features['shape'] = [0, 0, 0];
  for await (const { images: input } of feed(device, images, { requests }, stop)) {
    const output = network.evaluate(input, layers);
    const [, height = 0, width = 0, channels = 0] = output.shape;
    shape = [channels, height, width];
    parts.push(channelsFirst(device, output));
    device.free(input, output);
    progress.show('features', parts.length, requests.length);
  }
  progress.clear();
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let done = 0;
  for (const part of parts) {
    values.set(part, done);
    done += part.length;
  }
  return { shape, values };
}

/** Here pooling comes before the rectifier; the recipe's names count the other order. */
function layersUpTo(network: Network, index: number): Layer[] {
  const stack = network.layers.findIndex(({ kind }) => kind === 'flatten');
  if (!Number.isInteger(index) || index < 0 || index >= stack) {
    throw new ConfigurationError(`layer must be 0 to ${stack - 1}, got ${index}`);
  }
  if (index % BLOCK !== RECTIFIER) return network.layers.slice(0, index + 1);
  const rectifier = network.layers[index + 1];
  return [...network.layers.slice(0, index), ...(rectifier === undefined ? [] : [rectifier])];
}

function channelsFirst(device: Device, output: Tensor): Float32Array {
  const a = device.attribute;
  const order = device.integers([4], Int32Array.of(0, 3, 1, 2));
  const turned = device.run('Transpose', [a.float32('T'), a.int32('Tperm')], output, order);
  const values = device.readFloats(turned);
  device.free(order, turned);
  return values;
}
