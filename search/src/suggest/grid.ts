import { gridCell, gridSize } from '../space/cells.ts';
import type { Configuration } from '../space/dimension.ts';
import { fulfils, type ParameterLimit } from '../space/limits.ts';
import type { Space } from '../space/space.ts';
import type { Algorithm, ProblemIssue } from './algorithm.ts';

/** Cells that are looked at for whether they fulfil limits: about a second's work. */
const MOST_CELLS = 250_000;

/** Every distinct configuration once, in the order of the declaration, the last dimension fastest. */
export const grid: Algorithm = {
  name: 'grid',
  version: 1,
  usesHistory: false,
  usesSeed: false,
  check: ({ space, limits }) => [
    ...tooLarge(space, limits),
    ...space.dimensions
      .filter(({ domain }) => domain.kind === 'continuous')
      .map(({ name }) => ({
        field: 'space' as const,
        code: 'grid-continuous' as const,
        dimension: name,
        message: `a grid cannot enumerate the continuous range "${name}"; give it a step or values`,
      })),
  ],
  propose: ({ space, limits, enqueued = [] }, _history, index) => {
    // Its first cell comes after what was enqueued; before, it only fills in.
    const number = index < enqueued.length ? index : index - enqueued.length;
    const cell = limits === undefined ? number : cellWithin(space, limits, number);
    const configuration = cell === undefined ? undefined : gridCell(space, cell);
    if (configuration !== undefined) return { kind: 'proposed', configuration };
    if (index < enqueued.length) {
      return { kind: 'proposed', configuration: gridCell(space, 0) as Configuration };
    }
    const within = limits === undefined ? '' : ' that fulfil parameterConstraints';
    const size = limits === undefined ? gridSize(space) : countWithin(space, limits);
    return { kind: 'exhausted', reason: `the grid has ${size} configurations${within}` };
  },
};

/** The cells that fulfil limits, for each list of limits: saves work, and no answer depends on it. */
const WITHIN = new WeakMap<
  readonly ParameterLimit[],
  { readonly space: Space; readonly cells: number[]; next: number }
>();

/** The number of the cell that is the `number`-th of those that fulfil the limits. */
function cellWithin(
  space: Space,
  limits: readonly ParameterLimit[],
  number: number,
): number | undefined {
  const found = WITHIN.get(limits);
  const known = found?.space === space ? found : { space, cells: [], next: 0 };
  WITHIN.set(limits, known);
  while (known.cells.length <= number && known.next < MOST_CELLS) {
    const configuration = gridCell(space, known.next);
    if (configuration === undefined) break;
    if (fulfils(limits, configuration)) known.cells.push(known.next);
    known.next += 1;
  }
  return known.cells[number];
}

function countWithin(space: Space, limits: readonly ParameterLimit[]): number {
  cellWithin(space, limits, MOST_CELLS);
  return WITHIN.get(limits)?.cells.length ?? 0;
}

function tooLarge(space: Space, limits: readonly ParameterLimit[] | undefined): ProblemIssue[] {
  const size = gridSize(space);
  if (limits === undefined || size === undefined || size <= MOST_CELLS) return [];
  const message = `a grid with parameterConstraints may have ${MOST_CELLS} cells, and this one has ${size}`;
  return [{ field: 'algorithm', code: 'grid-too-large', message }];
}
