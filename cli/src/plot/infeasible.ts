import type { LegendEntry } from './figure.ts';

/** How trials are drawn that miss a constraint: whatever their value, they are not the best. */
export const INFEASIBLE = {
  text: 'misses a constraint',
  colour: 'bad',
  mark: 'dot',
} as const satisfies LegendEntry;
