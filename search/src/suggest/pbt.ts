import type { Algorithm } from './algorithm.ts';
import { drawWithin } from './random.ts';

/**
 * Population based training: its first members are drawn at random. Later ones come from the members
 * that are there then, so whoever keeps the population makes them (`population/`).
 */
export const pbt: Algorithm = {
  name: 'pbt',
  version: 1,
  usesHistory: false,
  usesSeed: true,
  check: () => [],
  propose: (problem, _history, index) => ({
    kind: 'proposed',
    configuration: drawWithin(problem, index),
  }),
};
