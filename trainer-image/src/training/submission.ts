import type { Device } from '../backend/device.ts';
import { batchOf, countBatches, feed, fileOrder } from '../data/batches.ts';
import type { ImageSet } from '../data/image-set.ts';
import type { Network } from '../network/network.ts';
import { likelyClasses } from './likely-classes.ts';
import { pauseForSignals } from './stop.ts';

/** The classes that the network gives to `images`, in their order. */
export async function predictAll(
  device: Device,
  network: Network,
  images: ImageSet,
  batchSize: number,
  stop: AbortSignal,
): Promise<number[]> {
  const order = fileOrder(images.length);
  const classes: number[] = [];
  for (let index = 0; index < countBatches(images.length, batchSize); index++) {
    await pauseForSignals(stop);
    const batch = feed(device, images, batchOf(order, index, batchSize));
    const logits = network.evaluate(batch);
    classes.push(...likelyClasses(device, logits));
    device.free(batch, logits);
  }
  return classes;
}

/** `submission.csv`: the Id is a running number from `idStart`, four digits or more, no file name. */
export function submissionTable(classes: readonly number[], idStart: number): string {
  const rows = classes.map(
    (category, index) => `${String(idStart + index).padStart(4, '0')},${category}`,
  );
  return `${['Id,Category', ...rows].join('\n')}\n`;
}
