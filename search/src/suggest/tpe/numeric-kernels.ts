import { normalCdf } from '../../numeric/normal.ts';
import { type CellTerms, cellTerms } from './cell-terms.ts';
import { kernelWidths } from './kernel-widths.ts';

/**
 * One dimension's kernels: normal distributions truncated to [0, 1], one a component, each around
 * what was observed and as wide as the larger gap to its neighbours. The last one is the prior.
 */
export interface NumericKernels {
  readonly kind: 'numeric';
  /** NaN where the component does not have this dimension. */
  readonly centres: Float64Array;
  readonly widths: Float64Array;
  /** 1 / width. */
  readonly inverses: Float64Array;
  /** Width times mass within [0, 1]: what a density is divided by. */
  readonly norms: Float64Array;
  readonly leastWidth: number;
  /** Whether some component lacks this dimension. */
  readonly isPartial: boolean;
  /** Computed at the first call. */
  readonly cells: () => CellTerms;
}

/**
 * Kernels around the observed coordinates, oldest first, NaN where inactive.
 *
 * @param dimension Its number, for kernelWidths.
 */
export function numericKernels(observed: Float64Array, dimension: number): NumericKernels {
  const size = observed.length + 1;
  const { widths, leastWidth, count } = kernelWidths(observed, dimension);
  const centres = new Float64Array(size);
  const inverses = new Float64Array(size);
  const norms = new Float64Array(size);
  centres.set(observed);
  centres[size - 1] = 0.5;
  for (let k = 0; k < size; k++) {
    const width = widths[k] as number;
    inverses[k] = 1 / width;
    norms[k] = width * massWithin(centres[k] as number, width);
  }
  const isPartial = count < observed.length;
  let cells: CellTerms | undefined;
  const kernels: NumericKernels = {
    ...{ kind: 'numeric', centres, widths, inverses, norms, leastWidth, isPartial },
    cells: () => {
      cells ??= cellTerms(kernels);
      return cells;
    },
  };
  return kernels;
}

/** Mass of a normal distribution within [0, 1], where its centre lies. */
function massWithin(centre: number, width: number): number {
  const low = centre / width;
  const high = (1 - centre) / width;
  // Beyond 9 widths the tail is below half a unit in the last place.
  return 1 - (low < 9 ? normalCdf(-low) : 0) - (high < 9 ? normalCdf(-high) : 0);
}
