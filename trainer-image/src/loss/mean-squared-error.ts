import type { Device, Tensor } from '../backend/device.ts';
import type { BatchLoss } from './loss.ts';
import { squaredErrorOf } from './softmax.ts';

/**
 * Mean of the squared differences between softmax and one-hot target, over the classes of each image.
 *
 * Runs on the host: a batch has a few hundred logits, which the accuracy reads anyway.
 */
export function meanSquaredError(device: Device, logits: Tensor, labels: Int32Array): BatchLoss {
  const rows = device.readFloats(logits);
  const classes = rows.length / labels.length;
  const values = new Float32Array(labels.length);
  const gradients = new Float32Array(rows.length);
  for (const [row, label] of labels.entries()) {
    const from = row * classes;
    const { value, gradient } = squaredErrorOf(rows.subarray(from, from + classes), label);
    values[row] = value;
    for (const [i, slope] of gradient.entries()) gradients[from + i] = slope / labels.length;
  }
  return { values, gradient: device.floats(logits.shape, gradients) };
}
