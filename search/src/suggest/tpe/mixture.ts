import { log } from '../../numeric/log-exp.ts';
import { logSumExp } from '../../numeric/log-sums.ts';
import { truncatedNormalQuantile } from '../../numeric/normal.ts';
import type { ParameterValue } from '../../space/dimension.ts';
import type { UnitDomain } from '../../space/unit.ts';
import type { Observations } from '../observations.ts';
import {
  addCategoricalTerms,
  type CategoricalKernels,
  categoricalKernels,
  drawChoice,
} from './categorical-kernels.ts';
import { type NumericKernels, numericKernels } from './numeric-kernels.ts';
import { addNumericTerms, type NumericPoint } from './numeric-terms.ts';
import { componentWeights, equalWeights } from './split.ts';

type Part = (NumericKernels & { readonly offsets: Float64Array }) | CategoricalKernels;

/**
 * A density over configurations: a weighted sum of products of one kernel a dimension, parents and
 * branches together.
 *
 * It is the density that `drawUnit` draws from: a dimension that the candidate has and the component
 * lacks comes from the prior. A mismatch costs what the parent's kernel says and no more: a further
 * factor (0.1, 0.01, 0.0001 were tried) keeps the few good components in their branch, and left
 * twice the regret on conditional functions.
 */
export interface Mixture {
  /** By component, the prior last. */
  readonly weights: Float64Array;
  /** Logarithms of the weights, less those of the norms that every candidate needs. */
  readonly base: Float64Array;
  readonly parts: readonly Part[];
}

/** What a mixture is asked for: a coordinate or choice by dimension, `undefined` if inactive. */
export type CandidatePoint = readonly (NumericPoint | undefined)[];

/**
 * The mixture around some rows of a history.
 *
 * @param isConditional By dimension: whether a candidate may lack it.
 * @param isAgeless Whether old components count as much as new ones.
 */
export function buildMixture(
  { columns, domains }: Observations,
  rows: Int32Array,
  isConditional: readonly boolean[],
  isAgeless = false,
): Mixture {
  const weights = isAgeless ? equalWeights(rows.length) : componentWeights(rows.length);
  const base = weights.map(log);
  const product = new Float64Array(weights.length).fill(1);
  let factors = 0;
  const parts = columns.map((column, d): Part => {
    const observed = new Float64Array(rows.length);
    for (let k = 0; k < rows.length; k++) observed[k] = column[rows[k] as number] as number;
    const choices = domains[d]?.choices ?? 0;
    if (choices > 0) return categoricalKernels(observed, choices);
    const kernels = numericKernels(observed, d);
    const { norms } = kernels;
    if (isConditional[d] || kernels.isPartial) {
      return { ...kernels, offsets: norms.map((norm) => -log(norm)) };
    }
    for (let k = 0; k < norms.length; k++)
      product[k] = (product[k] as number) * (norms[k] as number);
    // A norm is above 0.003: one logarithm serves 64 dimensions before the product can underflow.
    if (++factors % 64 === 0) subtractLogs(base, product);
    return { ...kernels, offsets: new Float64Array(norms.length) };
  });
  subtractLogs(base, product);
  return { weights, base, parts };
}

function subtractLogs(base: Float64Array, product: Float64Array): void {
  for (let k = 0; k < base.length; k++) base[k] = (base[k] as number) - log(product[k] as number);
  product.fill(1);
}

/** Where a value lies. */
export function pointAt(domain: UnitDomain, value: ParameterValue): NumericPoint {
  const unit = domain.toUnit(value);
  const [low, high] = domain.cellOf?.(value) ?? [unit, unit];
  return { unit, low, high };
}

/** log of the density at a candidate; `terms` is scratch space for all components. */
export function logDensity(mixture: Mixture, point: CandidatePoint, terms: Float64Array): number {
  terms.set(mixture.base);
  for (const [d, part] of mixture.parts.entries()) {
    const at = point[d];
    // Without the dimension there is nothing to draw: the factor is 1 whatever the component has.
    if (at === undefined) continue;
    if (part.kind === 'numeric') addNumericTerms(part, part.offsets, at, terms);
    else addCategoricalTerms(part, at.unit, terms);
  }
  return logSumExp(terms, terms.length);
}

/** Draws a component's number at `unit` in [0, 1). */
export function drawComponent({ weights }: Mixture, unit: number): number {
  let rest = unit;
  for (let k = 0; k < weights.length - 1; k++) {
    rest -= weights[k] as number;
    if (rest < 0) return k;
  }
  return weights.length - 1;
}

/** A coordinate or choice of one component, from the prior if the component lacks the dimension. */
export function drawUnit(mixture: Mixture, d: number, component: number, unit: number): number {
  const part = mixture.parts[d] as Part;
  if (part.kind === 'categorical') return drawChoice(part, component, unit);
  const last = part.centres.length - 1;
  const own = Number.isNaN(part.centres[component] as number) ? last : component;
  const centre = part.centres[own] as number;
  const width = part.widths[own] as number;
  const z = truncatedNormalQuantile(unit, -centre / width, (1 - centre) / width);
  return Math.min(Math.max(centre + z * width, 0), 1);
}
