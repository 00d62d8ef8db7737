import { saturate } from './compile.ts';
import { namedValues } from './configuration.ts';
import type { Configuration, ParameterValue } from './dimension.ts';
import { valueNumber } from './domain.ts';
import { firstContinuous, type Space, type SpaceDimension } from './space.ts';

/**
 * Number of distinct configurations, or `undefined` if a range is continuous.
 *
 * Configurations that differ in an inactive parameter only are one. Saturates at 2^53-1.
 */
export function gridSize(space: Space): number | undefined {
  return firstContinuous(space) === undefined ? countAll(space) : undefined;
}

/** Number of distinct configurations, Infinity if a range is continuous. */
export function cardinality(space: Space): number {
  return gridSize(space) ?? Number.POSITIVE_INFINITY;
}

function countAll(space: Space): number {
  return space.roots.reduce((product, root) => saturate(product * at(space, root).treeSize), 1);
}

/**
 * The configuration numbered `cell`, without those before it: mixed radix over the roots, the last
 * one fastest, and below each value the same over the children that are active with it.
 *
 * @returns `undefined` from `gridSize` on.
 */
export function gridCell(space: Space, cell: number): Configuration | undefined {
  if (cell >= countAll(space)) return undefined;
  const values: (ParameterValue | undefined)[] = new Array(space.dimensions.length);
  chooseAll(space, space.roots, cell, values);
  return namedValues(space, values);
}

function chooseAll(
  space: Space,
  positions: readonly number[],
  cell: number,
  values: (ParameterValue | undefined)[],
): void {
  // A saturated size is above any cell, so the remainder is right and the quotient 0.
  let rest = cell;
  for (const position of positions.toReversed()) {
    const dimension = at(space, position);
    choose(space, dimension, rest % dimension.treeSize, values);
    rest = Math.floor(rest / dimension.treeSize);
  }
}

function choose(
  space: Space,
  dimension: SpaceDimension,
  cell: number,
  values: (ParameterValue | undefined)[],
): void {
  const { domain, branches } = dimension;
  // Between branches each value is one configuration, so whole runs are skipped at once.
  let rest = cell;
  let next = 0;
  for (const { position, children, size } of branches) {
    const run = position - next;
    if (rest < run) break;
    rest -= run;
    next = position;
    if (rest < size) {
      values[dimension.index] = valueNumber(domain, position);
      chooseAll(space, children, rest, values);
      return;
    }
    rest -= size;
    next = position + 1;
  }
  values[dimension.index] = valueNumber(domain, next + rest);
}

function at(space: Space, position: number): SpaceDimension {
  return space.dimensions[position] as SpaceDimension;
}
