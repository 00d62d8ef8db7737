import { log } from '../../numeric/log-exp.ts';
import { LOG_SQRT_2PI } from '../../numeric/normal.ts';
import type { NumericKernels } from './numeric-kernels.ts';

/** Where a candidate lies in one dimension: a point, or all of the cell that gives one value. */
export interface NumericPoint {
  readonly unit: number;
  readonly low: number;
  readonly high: number;
}

/** A cell of less than half a width counts as a point with a correction, to 0.1 % within 4 widths. */
const NARROW = 1 / 4;

/**
 * Adds the logarithm of each component's density at a point, or of its mass in a cell; a component
 * without this dimension has the prior's.
 *
 * @param offsets Minus the logarithm of each norm, or zeros if somebody else subtracts them.
 */
export function addNumericTerms(
  kernels: NumericKernels,
  offsets: Float64Array,
  point: NumericPoint,
  terms: Float64Array,
): void {
  const half = (point.high - point.low) / 2;
  const prior = terms.length - 1;
  const beforePrior = terms[prior] as number;
  const add = half > NARROW * kernels.leastWidth ? addCell : half > 0 ? addNarrow : addPoint;
  add(kernels, offsets, point, terms);
  if (!kernels.isPartial) return;
  // The prior's own offset is always given where a component may lack the dimension.
  const absent = (terms[prior] as number) - beforePrior;
  for (let k = 0; k < prior; k++) {
    if (Number.isNaN(kernels.centres[k] as number)) terms[k] = (terms[k] as number) + absent;
  }
}

type AddTerms = (
  kernels: NumericKernels,
  offsets: Float64Array,
  point: NumericPoint,
  terms: Float64Array,
) => void;

const addPoint: AddTerms = ({ centres, inverses }, offsets, { unit }, terms) => {
  for (let k = 0; k < terms.length; k++) {
    const z = (unit - (centres[k] as number)) * (inverses[k] as number);
    const term = (offsets[k] as number) - LOG_SQRT_2PI - 0.5 * z * z;
    terms[k] = (terms[k] as number) + (Number.isNaN(term) ? 0 : term);
  }
};

/** log of the mass by series in the cell's half length d: the mean of exp(-z t) over |t| < d. */
const addNarrow: AddTerms = ({ centres, inverses }, offsets, { low, high }, terms) => {
  const half = (high - low) / 2;
  const middle = (high + low) / 2;
  const length = log(2 * half) - LOG_SQRT_2PI;
  for (let k = 0; k < terms.length; k++) {
    const inverse = inverses[k] as number;
    const z = (middle - (centres[k] as number)) * inverse;
    const d = half * inverse;
    const tilt = z * z * d * d;
    // Far away the series would diverge.
    const curve = tilt < 4 ? tilt / 6 - (tilt * tilt) / 180 : 0;
    const term = (offsets[k] as number) + length - 0.5 * z * z + curve - (d * d) / 6;
    terms[k] = (terms[k] as number) + (Number.isNaN(term) ? 0 : term);
  }
};

const addCell: AddTerms = (kernels, offsets, point, terms) => {
  const { classes, of } = kernels.cells();
  const cell = of(point);
  for (let k = 0; k < terms.length; k++) {
    const number = classes[k] as number;
    if (number >= 0)
      terms[k] = (terms[k] as number) + (cell[number] as number) + (offsets[k] as number);
  }
};
