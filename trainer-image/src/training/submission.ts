import type { Device } from '../backend/device.ts';
import { batchOf, countBatches, fileOrder } from '../data/batches.ts';
import type { ImageSet } from '../data/image-set.ts';
import type { Network } from '../network/network.ts';
import { classProbabilities, type EnsembleSettings } from './ensemble.ts';
import type { ProgressDisplay } from './progress.ts';
import { pauseForSignals } from './stop.ts';

/** What a pass over images without training works with. */
export interface PassParts {
  readonly device: Device;
  readonly network: Network;
  readonly progress: ProgressDisplay;
  readonly stop: AbortSignal;
}

/** The likeliest class of each of `images`, in their order; the first one of equals. */
export async function predictAll(
  { device, network, progress, stop }: PassParts,
  images: ImageSet,
  settings: EnsembleSettings & { readonly batchSize: number },
): Promise<number[]> {
  const order = fileOrder(images.length);
  const classes: number[] = [];
  const batches = countBatches(images.length, settings.batchSize);
  for (let index = 0; index < batches; index++) {
    await pauseForSignals(stop);
    const indices = batchOf(order, index, settings.batchSize);
    for (const row of classProbabilities(device, network, images, indices, settings)) {
      classes.push(row.indexOf(Math.max(...row)));
    }
    progress.show('test', index + 1, batches);
  }
  progress.clear();
  return classes;
}

/** `submission.csv`: the Id is a running number from `idStart`, four digits or more, no file name. */
export function submissionTable(classes: readonly number[], idStart: number): string {
  const rows = classes.map(
    (category, index) => `${String(idStart + index).padStart(4, '0')},${category}`,
  );
  return `${['Id,Category', ...rows].join('\n')}\n`;
}
