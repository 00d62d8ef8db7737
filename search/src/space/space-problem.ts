import type { ParameterValue } from './dimension.ts';

export type SpaceField =
  | 'name'
  | 'value'
  | 'values'
  | 'min'
  | 'max'
  | 'step'
  | 'when.parent'
  | 'when.in';

export type SpaceProblemCode =
  | 'name-invalid'
  | 'name-duplicate'
  | 'not-finite'
  | 'not-an-integer'
  | 'wrong-type'
  | 'bounds-empty'
  | 'log-needs-positive'
  | 'step-not-positive'
  | 'step-with-log'
  | 'step-too-fine'
  | 'values-empty'
  | 'values-duplicate'
  | 'when-missing'
  | 'when-self'
  | 'when-cycle'
  | 'when-empty'
  | 'when-continuous'
  | 'when-impossible';

/** One thing wrong with a declared space, and where. */
export interface SpaceProblem {
  /** Name of the dimension. */
  readonly dimension: string;
  /** Its position in the declaration. */
  readonly index: number;
  readonly field: SpaceField;
  readonly code: SpaceProblemCode;
  readonly message: string;
}

/** Thrown by `compileSpace` for a space that `checkSpace` finds fault with. */
export class SpaceError extends Error {
  readonly code: SpaceProblemCode;
  readonly dimension: string;
  readonly problems: readonly SpaceProblem[];

  /** @param problems At least one; the first gives code, dimension and message. */
  constructor(problems: readonly [SpaceProblem, ...SpaceProblem[]]) {
    super(problems[0].message);
    this.name = 'SpaceError';
    this.code = problems[0].code;
    this.dimension = problems[0].dimension;
    this.problems = problems;
  }
}

export function describeValue(value: ParameterValue): string {
  return typeof value === 'string' ? `"${value}"` : String(value);
}
