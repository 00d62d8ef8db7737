import type { Device, Tensor } from '../backend/device.ts';
import type { BatchLoss } from './loss.ts';

/**
 * logSumExp(z) - z[y] of each image, softmax inside.
 *
 * Never as the logarithm of a softmax: with a logit of -1000 that is 0 times infinity.
 */
export function crossEntropy(device: Device, logits: Tensor, labels: Int32Array): BatchLoss {
  const a = device.attribute;
  const targets = device.integers([labels.length], labels);
  const [losses, gradients] = device.runMany(
    'SparseSoftmaxCrossEntropyWithLogits',
    [a.float32('T'), a.int32('Tlabels')],
    [logits, targets],
    2,
  );
  if (!losses || !gradients) throw new Error('SparseSoftmaxCrossEntropyWithLogits');
  const values = device.readFloats(losses);
  // The op gives each image's own gradient; the loss is their mean.
  const share = device.scalar(1 / labels.length);
  const gradient = device.run('Mul', [a.float32('T')], gradients, share);
  device.free(targets, losses, gradients, share);
  return { values, gradient };
}
