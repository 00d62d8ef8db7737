import type { Dimension } from './dimension.ts';
import { domainSize } from './domain.ts';
import type { Space } from './space.ts';
import { describeValue } from './space-problem.ts';

/** One line of `plan`: a parameter as people read it. */
export interface DimensionText {
  readonly name: string;
  /** Such as `float 1e-5 .. 0.01 log`. */
  readonly text: string;
  /** Such as `schedule in cosine, step`; absent for a dimension that is always active. */
  readonly when?: string;
  /** Distinct values, Infinity if continuous. */
  readonly count: number;
}

/** The space as rows of text, in declaration order. */
export function describeSpace(space: Space): readonly DimensionText[] {
  return space.dimensions.map(({ name, declared, domain }) => {
    const row = { name, text: describeDomain(declared), count: domainSize(domain) };
    const { when } = declared;
    return when === undefined ? row : { ...row, when: `${when.parent} in ${when.in.join(', ')}` };
  });
}

function describeDomain(dimension: Dimension): string {
  switch (dimension.kind) {
    case 'fixed':
      return `${dimension.type} = ${describeValue(dimension.value)}`;
    case 'ordinal':
      return `${dimension.type} ${dimension.values.join(', ')}`;
    case 'categorical':
      return `${dimension.type} ${dimension.values.map(describeValue).join(', ')}`;
    case 'float':
    case 'int': {
      const step = dimension.step === undefined ? '' : ` step ${dimension.step}`;
      const scale = dimension.scale === 'log' ? ' log' : '';
      return `${dimension.kind} ${dimension.min} .. ${dimension.max}${step}${scale}`;
    }
  }
}
