/** What the last part of a run's loss and gradient norm say. */
export interface PlateauVerdict {
  readonly kind: 'falling' | 'plateau' | 'critical-point' | 'too-short';
  readonly message: string;
}

const MIN_STEPS = 20;
/** Of the steps: what is judged, against as many before. */
const TAIL_SHARE = 0.25;
/** The loss is flat if it falls by less than this share of its whole fall... */
const FLAT_SHARE = 0.02;
/** ...and the norm is small below this share of its largest smoothed value. */
const SMALL_NORM_SHARE = 0.05;

/**
 * Tells a loss that stopped falling at a critical point from one that a too large rate holds up: there
 * the gradient vanishes, here it does not.
 */
export function judgePlateau(losses: readonly number[], norms: readonly number[]): PlateauVerdict {
  if (losses.length < MIN_STEPS) {
    return { kind: 'too-short', message: `fewer than ${MIN_STEPS} steps: no verdict` };
  }
  const tail = Math.max(5, Math.floor(losses.length * TAIL_SHARE));
  const before = mean(losses.slice(-2 * tail, -tail));
  const now = mean(losses.slice(-tail));
  const start = mean(losses.slice(0, Math.max(1, Math.floor(tail / 4))));
  const fall = before - now;
  const wholeFall = Math.max(start - now, 0);
  const isFlat = fall <= Math.max(wholeFall, Math.abs(now)) * FLAT_SHARE;
  if (!isFlat) return { kind: 'falling', message: 'the loss still falls' };
  const largest = Math.max(...norms.map((_, i) => mean(norms.slice(i, i + 5))));
  const isSmall = mean(norms.slice(-tail)) < largest * SMALL_NORM_SHARE;
  return isSmall
    ? { kind: 'critical-point', message: 'loss flat, norm small -> near a critical point' }
    : {
        kind: 'plateau',
        message: 'plateau: loss flat, norm not small -> learning rate, not a critical point',
      };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
