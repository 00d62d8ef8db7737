import type { Word64 } from '../numeric/hash.ts';
import type { Dimension, ParameterValue } from './dimension.ts';
import type { Domain } from './domain.ts';

/** A value of a parent that decides how many configurations lie below it. */
export interface Branch {
  /** Number of the value in the parent's domain. */
  readonly position: number;
  /** Positions of the children that are active with it, ascending. */
  readonly children: readonly number[];
  /** Configurations of those children and all below them. */
  readonly size: number;
}

export interface SpaceDimension {
  /** Position in the declaration, and in `Space.dimensions`. */
  readonly index: number;
  readonly name: string;
  readonly declared: Dimension;
  readonly domain: Domain;
  /** Position of the parent and the values with which this dimension is active. */
  readonly condition?: { readonly parent: number; readonly values: ReadonlySet<ParameterValue> };
  /** Values that children name, ascending; with any other value no child is active. */
  readonly branches: readonly Branch[];
  /** Distinct configurations of this dimension and all below it; saturates at 2^53-1. */
  readonly treeSize: number;
  /** Hash of the name: the purpose of every random stream of this dimension. */
  readonly key: Word64;
}

/** A compiled search space: a forest, since each dimension has at most one parent. */
export interface Space {
  /** In declaration order. */
  readonly dimensions: readonly SpaceDimension[];
  /** Positions with every parent before its children. */
  readonly order: readonly number[];
  /** Positions of the dimensions without a condition. */
  readonly roots: readonly number[];
}

/** Dimensions that can take more than one value, in declaration order: what a search moves in. */
export function varyingDimensions(space: Space): readonly SpaceDimension[] {
  return space.dimensions.filter(({ domain }) => domain.kind !== 'list' || domain.size > 1);
}

/** The first dimension with infinitely many values, if there is one. */
export function firstContinuous(space: Space): SpaceDimension | undefined {
  return space.dimensions.find(({ domain }) => domain.kind === 'continuous');
}
