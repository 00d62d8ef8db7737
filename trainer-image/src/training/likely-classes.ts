import type { Device, Tensor } from '../backend/device.ts';

/** The class of the largest logit of each row; the first of equals. */
export function likelyClasses(device: Device, logits: Tensor): Int32Array {
  const [rows = 0, classes = 0] = logits.shape;
  const values = device.readFloats(logits);
  return Int32Array.from({ length: rows }, (_, row) => {
    let best = 0;
    for (let i = 1; i < classes; i++) {
      if ((values[row * classes + i] ?? 0) > (values[row * classes + best] ?? 0)) best = i;
    }
    return best;
  });
}
