import { compileSpace } from '../space/compile.ts';
import type { Dimension } from '../space/dimension.ts';
import type { History, Problem, Suggestion } from '../suggest/problem.ts';
import { suggest } from '../suggest/suggest.ts';

/** All that a suggestion is a function of, as it can be sent to another process. */
export interface Question {
  readonly dimensions: readonly Dimension[];
  readonly problem: Omit<Problem, 'space'>;
  readonly history: History;
  readonly index: number;
}

export function answer({ dimensions, problem, history, index }: Question): Suggestion {
  return suggest({ ...problem, space: compileSpace(dimensions) }, history, index);
}
