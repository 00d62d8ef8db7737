import type { Algorithm } from './algorithm.ts';
import { random } from './random.ts';

/**
 * Population based training: its first members are drawn at random. Later ones come from the members
 * that are there then, so whoever keeps the population makes them (`population/`).
 */
export const pbt: Algorithm = { ...random, name: 'pbt', version: 1 };
