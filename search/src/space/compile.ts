import { hashText } from '../numeric/hash.ts';
import { checkSpace } from './check.ts';
import type { Dimension } from './dimension.ts';
import { domainSize, numberOfValue, prepareDomain } from './domain.ts';
import type { Branch, Space, SpaceDimension } from './space.ts';
import { SpaceError } from './space-problem.ts';

/**
 * Prepares a space for any number of suggestions; the result is plain data.
 *
 * @throws {SpaceError} with the first problem that `checkSpace` finds.
 */
export function compileSpace(dimensions: readonly Dimension[]): Space {
  const [first, ...others] = checkSpace(dimensions);
  if (first !== undefined) throw new SpaceError([first, ...others]);

  const positions = new Map(dimensions.map(({ name }, index) => [name, index]));
  const parents = dimensions.map(({ when }) => when && positions.get(when.parent));
  const order = parentsFirst(parents);
  const compiled: SpaceDimension[] = new Array(dimensions.length);
  // Children first, since a tree's size is made of its children's.
  for (const index of order.toReversed()) {
    const declared = dimensions[index] as Dimension;
    const children = compiled.filter(({ condition }) => condition?.parent === index);
    compiled[index] = compileDimension(declared, index, parents[index], children);
  }
  const roots = compiled.filter(({ condition }) => condition === undefined);
  return { dimensions: compiled, order, roots: roots.map(({ index }) => index) };
}

function compileDimension(
  declared: Dimension,
  index: number,
  parent: number | undefined,
  children: readonly SpaceDimension[],
): SpaceDimension {
  const domain = prepareDomain(declared);
  const positions = new Set(
    children.flatMap(({ condition }) =>
      [...(condition?.values ?? [])].map((value) => numberOfValue(domain, value)),
    ),
  );
  const branches = [...positions]
    .toSorted((a, b) => a - b)
    .map((position) => {
      const active = children.filter(({ condition }) =>
        [...(condition?.values ?? [])].some((value) => numberOfValue(domain, value) === position),
      );
      return branch(position, active);
    });
  const base = { index, name: declared.name, declared, domain, branches };
  const dimension = {
    ...base,
    treeSize: treeSize(domainSize(domain), branches),
    key: hashText(declared.name),
  };
  if (parent === undefined || declared.when === undefined) return dimension;
  return { ...dimension, condition: { parent, values: new Set(declared.when.in) } };
}

function branch(position: number, active: readonly SpaceDimension[]): Branch {
  const size = active.reduce((product, child) => saturate(product * child.treeSize), 1);
  return { position, children: active.map(({ index }) => index), size };
}

function treeSize(values: number, branches: readonly Branch[]): number {
  const rest = saturate(values - branches.length);
  return branches.reduce((sum, { size }) => saturate(sum + size), rest);
}

/** Counts above 2^53-1 are all alike: no index gets there. */
export function saturate(count: number): number {
  return Math.min(count, Number.MAX_SAFE_INTEGER);
}

function parentsFirst(parents: readonly (number | undefined)[]): readonly number[] {
  const order: number[] = [];
  const placed = new Set<number>();
  const place = (index: number): void => {
    if (placed.has(index)) return;
    placed.add(index);
    const parent = parents[index];
    if (parent !== undefined) place(parent);
    order.push(index);
  };
  for (const index of parents.keys()) place(index);
  return order;
}
