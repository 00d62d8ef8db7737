import type { Device } from '../backend/device.ts';
import { countBatches } from '../data/batches.ts';
import type { ImageSet } from '../data/image-set.ts';
import type { Network } from '../network/network.ts';
import { classProbabilities, type EnsembleSettings } from './ensemble.ts';
import type { ProgressDisplay } from './progress.ts';

/** What a pass over images without training works with. */
export interface PassParts {
  readonly device: Device;
  readonly network: Network;
  readonly progress: ProgressDisplay;
  readonly stop: AbortSignal;
}

/** The likeliest class of each of `images`, in their order; the first one of equals. */
export async function predictAll(
  parts: PassParts,
  images: ImageSet,
  settings: EnsembleSettings,
): Promise<number[]> {
  const { progress } = parts;
  const { batchSize } = settings;
  const batches = countBatches(images.length, batchSize);
  const classes: number[] = [];
  for await (const { rows } of classProbabilities(parts, images, settings)) {
    for (const row of rows) classes.push(row.indexOf(Math.max(...row)));
    progress.show('test', Math.ceil(classes.length / batchSize), batches);
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
