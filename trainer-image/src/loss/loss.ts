import type { Device, Tensor } from '../backend/device.ts';
import { crossEntropy } from './cross-entropy.ts';
import { meanSquaredError } from './mean-squared-error.ts';

/** The loss of one batch of logits. */
export interface BatchLoss {
  /** Of each image. */
  readonly values: Float32Array;
  /** Of the mean over the batch, by the logits; the caller frees it. */
  readonly gradient: Tensor;
}

/** Compares logits (images x classes) with class numbers. */
export type Loss = (device: Device, logits: Tensor, labels: Int32Array) => BatchLoss;

/** Every loss by the name that the parameter `loss` gives it. */
export const LOSSES = {
  'cross-entropy': crossEntropy,
  mse: meanSquaredError,
} as const satisfies Record<string, Loss>;
