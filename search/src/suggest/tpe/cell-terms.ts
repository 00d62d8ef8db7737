import { log } from '../../numeric/log-exp.ts';
import { LOG_SQRT_2PI, logNormalMass } from '../../numeric/normal.ts';
import type { NumericKernels } from './numeric-kernels.ts';
import type { NumericPoint } from './numeric-terms.ts';

/** So many widths away a cell's mass needs no precision: the prior outweighs it by far. */
const FAR = 8;

/**
 * Terms of cells that are wide against the kernels, computed once for equal kernels and equal cells:
 * of ten thousand observations of an integer most are of the least width around few values.
 */
export interface CellTerms {
  /** By component: the number of its kernel among the different ones; -1 where inactive. */
  readonly classes: Int32Array;
  /** By class: log of the mass in a cell times the width, which the norm takes out again. */
  of(cell: NumericPoint): Float64Array;
}

export function cellTerms(kernels: NumericKernels): CellTerms {
  const { centres, inverses, widths, leastWidth } = kernels;
  const classes = new Int32Array(centres.length).fill(-1);
  const narrowest = new Map<number, number>();
  const examples: number[] = [];
  for (let k = 0; k < centres.length; k++) {
    const centre = centres[k] as number;
    if (Number.isNaN(centre)) continue;
    const isShared = widths[k] === leastWidth;
    let number = isShared ? narrowest.get(centre) : undefined;
    if (number === undefined) {
      number = examples.push(k) - 1;
      if (isShared) narrowest.set(centre, number);
    }
    classes[k] = number;
  }
  const known = new Map<number, Float64Array>();
  const of = ({ unit, low, high }: NumericPoint) => {
    const before = known.get(unit);
    if (before !== undefined) return before;
    const terms = Float64Array.from(examples, (k) => {
      const centre = centres[k] as number;
      const inverse = inverses[k] as number;
      return logCellMass((low - centre) * inverse, (high - centre) * inverse, -log(inverse));
    });
    known.set(unit, terms);
    return terms;
  };
  return { classes, of };
}

function logCellMass(low: number, high: number, logWidth: number): number {
  const near = low > 0 ? low : -high;
  if (near < FAR) return logNormalMass(low, high) + logWidth;
  // The tail's leading terms; what lies beyond the cell's far end does not count any more.
  return -0.5 * near * near - log(near) - 1 / (near * near) - LOG_SQRT_2PI + logWidth;
}
