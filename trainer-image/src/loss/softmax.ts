/**
 * The row's share of each value: all in 0 to 1, adding up to 1, the gap between large and small
 * widened. The largest value is taken off first, so no input overflows.
 */
export function softmax(values: ArrayLike<number>): Float64Array {
  const shares = Float64Array.from(values);
  const largest = shares.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (const [i, value] of shares.entries()) {
    const power = Math.exp(value - largest);
    shares[i] = power;
    sum += power;
  }
  return shares.map((power) => power / sum);
}

/** A loss of one row of logits, and its slope by each of them. */
export interface RowLoss {
  readonly value: number;
  readonly gradient: Float64Array;
}

/**
 * Mean of (p - t)^2 over the classes, p the softmax of the row and t 1 at `label`, else 0.
 *
 * Its slope by a logit has the factor p, so it vanishes where the network is surely wrong.
 */
export function squaredErrorOf(logits: ArrayLike<number>, label: number): RowLoss {
  const shares = softmax(logits);
  const errors = shares.map((share, i) => share - (i === label ? 1 : 0));
  const classes = shares.length;
  const pull = errors.reduce((sum, error, i) => sum + error * (shares[i] ?? 0), 0);
  return {
    value: errors.reduce((sum, error) => sum + error * error, 0) / classes,
    gradient: shares.map((share, i) => (2 / classes) * share * ((errors[i] ?? 0) - pull)),
  };
}

/** logSumExp(z) - z[label], and its slope p - t. */
export function crossEntropyOf(logits: ArrayLike<number>, label: number): RowLoss {
  const shares = softmax(logits);
  const values = Array.from(logits);
  const largest = Math.max(...values);
  const sum = values.reduce((total, value) => total + Math.exp(value - largest), 0);
  return {
    value: largest + Math.log(sum) - (values[label] ?? Number.NaN),
    gradient: shares.map((share, i) => share - (i === label ? 1 : 0)),
  };
}
