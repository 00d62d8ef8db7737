import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Device } from '../backend/device.ts';
import { loadModel } from '../checkpoint/model-file.ts';
import { decodeSafetensors, type FileTensor } from '../checkpoint/safetensors.ts';
import { toFloats } from '../data/batches.ts';
import { LOSSES } from '../loss/loss.ts';
import { buildNetwork, type Network } from '../network/network.ts';
import { type LayerSizes, specifyLayers } from '../network/specification.ts';
import { Optimizer } from '../optimise/optimizer.ts';
import { type OptimizerName, UPDATE_RULES } from '../optimise/update-rules.ts';

/** One training in PyTorch, step by step. */
interface ReferenceRun {
  readonly optimizer: OptimizerName;
  readonly loss: keyof typeof LOSSES;
  readonly lr: number;
  readonly rmspropMomentum: number;
  readonly losses: readonly number[];
  /** Before clipping. */
  readonly norms: readonly number[];
  /** Of all images in evaluation mode, by the number of steps done. */
  readonly logits: Readonly<Record<string, readonly number[]>>;
  /** The largest difference in loss between PyTorch's run and the same in double precision. */
  readonly ownNoise?: number;
}

/** What `scripts/parity/export.py` writes. */
interface ReferenceFile extends LayerSizes {
  readonly madeBy: string;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly frozenConvolutionBiases: boolean;
  readonly pixels: string;
  readonly labels: readonly number[];
  readonly batches: readonly (readonly number[])[];
  readonly runs: readonly ReferenceRun[];
}

export interface Reference extends ReferenceFile {
  readonly weights: ReadonlyMap<string, FileTensor>;
}

/** The largest differences between a run here and the same run in PyTorch. */
export interface Gaps {
  readonly loss: number;
  /** Relative to the norm, where that is above 1. */
  readonly norm: number;
  readonly logits: number;
}

export function readReference(folder: string): Reference {
  const file: ReferenceFile = JSON.parse(readFileSync(join(folder, 'runs.json'), 'utf8'));
  const { tensors } = decodeSafetensors(readFileSync(join(folder, 'weights.safetensors')));
  return { ...file, weights: tensors };
}

/** Repeats `run` from the same weights on the same batches. */
export function replay(device: Device, reference: Reference, run: ReferenceRun): Gaps {
  const network = buildNetwork(device, specifyLayers(reference), 0);
  loadModel(device, network, reference.weights);
  const isFrozen = (name: string): boolean =>
    reference.frozenConvolutionBiases && /^cnn\.(0|4|8|12|16)\.bias$/.test(name);
  const optimizer = new Optimizer(
    device,
    network.parameters.filter(({ name }) => !isFrozen(name)),
    UPDATE_RULES[run.optimizer]({ momentum: 0.9, rmspropMomentum: run.rmspropMomentum }),
    reference,
  );
  const images = new ImageBytes(reference);
  const gaps = { loss: 0, norm: 0, logits: 0 };
  for (const [index, batch] of reference.batches.entries()) {
    const logits = network.forward(images.feed(device, batch));
    const labels = Int32Array.from(batch, (image) => reference.labels[image] ?? -1);
    const { values, gradient } = LOSSES[run.loss](device, logits, labels);
    network.backward(gradient);
    const norm = optimizer.gradientNorm();
    optimizer.apply(norm, run.lr, index + 1);
    network.releaseGradients();
    const wantNorm = run.norms[index] ?? Number.NaN;
    const loss = values.reduce((sum, value) => sum + value, 0) / values.length;
    gaps.loss = Math.max(gaps.loss, Math.abs(loss - (run.losses[index] ?? Number.NaN)));
    gaps.norm = Math.max(gaps.norm, Math.abs(norm - wantNorm) / Math.max(1, wantNorm));
    const wantLogits = run.logits[index + 1];
    if (wantLogits !== undefined) {
      gaps.logits = Math.max(gaps.logits, largestGap(images.logits(device, network), wantLogits));
    }
  }
  optimizer.dispose();
  network.dispose();
  return gaps;
}

class ImageBytes {
  readonly #bytes: Uint8Array;
  readonly #side: number;
  readonly #count: number;

  constructor({ pixels, imageSize, labels }: ReferenceFile) {
    this.#bytes = Buffer.from(pixels, 'base64');
    this.#side = imageSize;
    this.#count = labels.length;
  }

  feed(device: Device, indices: readonly number[]) {
    const size = this.#side * this.#side * 3;
    const batch = new Uint8Array(indices.length * size);
    for (const [place, index] of indices.entries()) {
      batch.set(this.#bytes.subarray(index * size, (index + 1) * size), place * size);
    }
    return toFloats(device, batch, [indices.length, this.#side, this.#side, 3]);
  }

  logits(device: Device, network: Network): Float32Array {
    const images = this.feed(
      device,
      Array.from({ length: this.#count }, (_, index) => index),
    );
    const logits = network.evaluate(images);
    const values = device.readFloats(logits);
    device.free(images, logits);
    return values;
  }
}

function largestGap(got: Float32Array, want: readonly number[]): number {
  if (got.length !== want.length) return Number.NaN;
  return got.reduce((gap, value, i) => Math.max(gap, Math.abs(value - (want[i] ?? 0))), 0);
}
