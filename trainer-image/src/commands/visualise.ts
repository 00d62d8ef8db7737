import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACT } from '@espalier/api';
import { encodeSafetensors, floatTensor, wholesTensor } from '../checkpoint/safetensors.ts';
import { findSplit } from '../data/data-set.ts';
import type { ImageSet } from '../data/image-set.ts';
import { makeFolder, writeText, writeWhole } from '../files/whole-file.ts';
import { drawClassMap } from '../plot/class-map.ts';
import { drawCurves } from '../plot/curves.ts';
import { type Figure, pageOf } from '../plot/page.ts';
import { writePicture } from '../plot/picture.ts';
import { readColumns } from '../report/read-table.ts';
import { ConfusionTally, confusionTable } from '../training/confusion.ts';
import { extractFeatures, type Features } from '../training/features.ts';
import { predictAll } from '../training/submission.ts';
import { centredGram } from '../tsne/gram.ts';
import { tsne } from '../tsne/tsne.ts';
import { runStage, type Stage, type StageRequest } from './stage.ts';

/** Fixed by the recipe. */
const TSNE_SEED = 42;

export interface VisualiseOptions {
  readonly dataFolder: string;
  readonly outFolder: string;
  /** The class of the second plot. */
  readonly selected: number;
}

/**
 * Writes what a layer makes of the validation images, its map by t-SNE, what the model takes them for,
 * the plots of all classes and of one, the curves of the run, and a page that shows them.
 */
export function runVisualise(request: StageRequest, options: VisualiseOptions): Promise<number> {
  const { dataFolder, outFolder, selected } = options;
  return runStage(request, async (stage) => {
    const { layer, batchSize } = stage.parameters;
    const files = findSplit(dataFolder, 'valid');
    stage.say(`Taking the features of layer ${layer} for ${files.length} validation images.`);
    const images = stage.open(files, true);
    const features = await extractFeatures(stage, images, layer, batchSize);
    makeFolder(outFolder);
    writeFeatures(join(outFolder, 'features.safetensors'), features, images.labels);
    writeText(join(outFolder, 'confusion.csv'), await confusionOf(stage, images));
    stage.say(`Mapping ${images.length} x ${features.values.length / images.length} numbers.`);
    const map = mapOf(stage, features, images.length);
    writeText(join(outFolder, 'tsne.csv'), mapTable(map, images.labels));
    const figures: Figure[] = [];
    const draw = async (name: string, what: string, picture: ReturnType<typeof drawClassMap>) => {
      if (picture === undefined) return;
      await writePicture(outFolder, name, picture);
      figures.push({ file: `${name}.svg`, caption: what });
    };
    const layerName = `layer ${layer} (${features.shape.join(' x ')})`;
    await draw(
      'tsne-all',
      `Validation images by ${layerName}`,
      drawClassMap({ map, labels: images.labels }),
    );
    const one = drawClassMap({ map, labels: images.labels }, selected);
    if (one === undefined) stage.say(`No validation image is of class ${selected}: no plot of it.`);
    await draw(`tsne-class-${selected}`, `Class ${selected} on the same axes`, one);
    await draw('curves', 'Loss and gradient norm of every step', curvesOf(request.modelPath));
    writeText(join(outFolder, 'index.html'), pageOf(`Espalier: ${stage.modelFile}`, figures));
    stage.say(`Wrote ${figures.length} plots and ${join(outFolder, 'index.html')}.`);
  });
}

/** By the plain images, as in training. */
async function confusionOf(stage: Stage, images: ImageSet): Promise<string> {
  const predicted = await predictAll(stage, images, { ...stage.parameters, tta: 0 });
  const confusion = new ConfusionTally();
  confusion.add(images.labels, Int32Array.from(predicted));
  return confusionTable(confusion.rows());
}

function mapOf(stage: Stage, { values }: Features, rows: number): Float64Array {
  const gram = centredGram(stage.device, values, rows, values.length / rows);
  const show = (done: number, all: number): void => stage.progress.show('t-SNE', done, all);
  const map = tsne(gram, rows, { seed: TSNE_SEED, show });
  stage.progress.clear();
  return map;
}

function writeFeatures(path: string, { shape, values }: Features, labels: Int32Array): void {
  const columns = shape.reduce((product, size) => product * size, 1);
  const tensors = [
    floatTensor('features', [labels.length, columns], values),
    wholesTensor('labels', labels),
  ];
  const metadata = { layout: 'channel, height, width', shape: shape.join('x') };
  writeWhole(path, encodeSafetensors(tensors, metadata));
}

function mapTable(map: Float64Array, labels: Int32Array): string {
  const rows = Array.from(labels, (label, i) => `${map[i * 2]},${map[i * 2 + 1]},${label}`);
  return `${['x,y,label', ...rows].join('\n')}\n`;
}

/** Of the run in `folder`; undefined if it is none or has no table of steps. */
function curvesOf(folder: string): ReturnType<typeof drawCurves> | undefined {
  const path = join(folder, ARTIFACT.stepsCsv);
  if (!statSync(folder).isDirectory() || !existsSync(path)) return undefined;
  const columns = readColumns(readFileSync(path, 'utf8'));
  return drawCurves(columns.get('loss') ?? [], columns.get('grad_norm') ?? []);
}
