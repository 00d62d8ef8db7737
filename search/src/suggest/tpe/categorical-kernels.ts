import { log } from '../../numeric/log-exp.ts';

/**
 * One dimension without an order: each component gives its own choice a weight of 1 and every choice
 * the prior's share besides. The last component, the prior, gives all choices the same.
 */
export interface CategoricalKernels {
  readonly kind: 'categorical';
  /** The observed choice of each component but the prior; NaN where inactive. */
  readonly codes: Float64Array;
  readonly choices: number;
  /** Probability of each choice that is not the component's own. */
  readonly other: number;
  readonly isPartial: boolean;
}

export function categoricalKernels(codes: Float64Array, choices: number): CategoricalKernels {
  let count = 0;
  for (const code of codes) if (!Number.isNaN(code)) count++;
  const share = 1 / (count + 1);
  const other = share / (1 + choices * share);
  return { kind: 'categorical', codes, choices, other, isPartial: count < codes.length };
}

/** Adds the logarithm of each component's probability of a choice. */
export function addCategoricalTerms(
  { codes, choices, other }: CategoricalKernels,
  code: number,
  terms: Float64Array,
): void {
  const logOther = log(other);
  const logOwn = log(1 - (choices - 1) * other);
  const uniform = -log(choices);
  for (let k = 0; k < codes.length; k++) {
    const own = codes[k] as number;
    const term = own === code ? logOwn : Number.isNaN(own) ? uniform : logOther;
    terms[k] = (terms[k] as number) + term;
  }
  terms[codes.length] = (terms[codes.length] as number) + uniform;
}

/** The choice of one component at `unit` in [0, 1). */
export function drawChoice(
  { codes, choices, other }: CategoricalKernels,
  component: number,
  unit: number,
): number {
  const own = codes[component];
  if (own === undefined || Number.isNaN(own)) return Math.floor(unit * choices);
  let rest = unit;
  for (let code = 0; code < choices - 1; code++) {
    rest -= code === own ? 1 - (choices - 1) * other : other;
    if (rest < 0) return code;
  }
  return choices - 1;
}
