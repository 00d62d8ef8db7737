import { countBatches } from '../data/batches.ts';
import { findSplit } from '../data/data-set.ts';
import type { ImageSet } from '../data/image-set.ts';
import { crossEntropyOf, squaredErrorOf } from '../loss/softmax.ts';
import { classProbabilities } from '../training/ensemble.ts';
import { addBatch, emptyTally, meansOf, type PassMeans } from '../training/tally.ts';
import { runStage, type Stage, type StageRequest } from './stage.ts';

/** Loss and accuracy of a model on the labelled images of `dataFolder`, as JSON on stdout. */
export function runEvaluate(
  request: StageRequest,
  dataFolder: string,
  split: 'train' | 'valid' | 'test',
): Promise<number> {
  return runStage(request, async (stage) => {
    const files = findSplit(dataFolder, split);
    stage.say(`Evaluating ${stage.modelFile} on ${files.length} images of ${split}.`);
    const images = stage.open(files, true);
    const means = await evaluateAll(stage, images);
    process.stdout.write(`${JSON.stringify({ split, images: images.length, ...means })}\n`);
  });
}

async function evaluateAll(stage: Stage, images: ImageSet): Promise<PassMeans> {
  const { parameters, progress } = stage;
  const { batchSize, loss } = parameters;
  const batches = countBatches(images.length, batchSize);
  const lossOf = loss === 'mse' ? squaredErrorOf : crossEntropyOf;
  const tally = emptyTally();
  for await (const { images: indices, rows } of classProbabilities(stage, images, parameters)) {
    const labels = images.labelsOf(indices);
    let [sum, correct] = [0, 0];
    for (const [row, shares] of rows.entries()) {
      const label = labels[row] ?? 0;
      // Softmax of the logarithms is the shares again, so one rule serves the ensemble, too.
      sum += lossOf(shares.map(Math.log), label).value;
      if (shares.indexOf(Math.max(...shares)) === label) correct += 1;
    }
    const count = rows.length;
    addBatch(tally, { images: count, loss: sum / count, accuracy: correct / count });
    progress.show('evaluate', tally.batches, batches);
  }
  progress.clear();
  return meansOf(tally);
}
