import { gridCell, gridSize } from '../space/cells.ts';
import type { Algorithm } from './algorithm.ts';

/** Every distinct configuration once, in the order of the declaration, the last dimension fastest. */
export const grid: Algorithm = {
  name: 'grid',
  version: 1,
  usesHistory: false,
  usesSeed: false,
  check: ({ space }) =>
    space.dimensions
      .filter(({ domain }) => domain.kind === 'continuous')
      .map(({ name }) => ({
        field: 'space',
        code: 'grid-continuous',
        dimension: name,
        message: `a grid cannot enumerate the continuous range "${name}"; give it a step or values`,
      })),
  propose: ({ space }, _history, index) => {
    const configuration = gridCell(space, index);
    if (configuration !== undefined) return { kind: 'proposed', configuration };
    return { kind: 'exhausted', reason: `the grid has ${gridSize(space)} configurations` };
  },
};
