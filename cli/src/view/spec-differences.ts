import { isDeepStrictEqual } from 'node:util';
import type { Experiment } from '@espalier/api';

/** A field below spec in which Experiments differ; undefined where one does not have it. */
export interface SpecDifference {
  readonly field: string;
  /** In the order of the Experiments. */
  readonly values: readonly unknown[];
}

/** In the order in which the fields come. What a person decides while it runs is left out. */
export function specDifferences(experiments: readonly Experiment[]): readonly SpecDifference[] {
  const all = experiments.map(({ spec: { desiredState: _state, ...spec } }) => leavesOf(spec));
  const fields = new Set(all.flatMap((leaves) => [...leaves.keys()]));
  return [...fields].flatMap((field) => {
    const values = all.map((leaves) => leaves.get(field));
    const isSame = values.every((value) => isDeepStrictEqual(value, values[0]));
    return isSame ? [] : [{ field, values }];
  });
}

/** Fields with a value, by their path; items of a list by their name where they have one. */
function leavesOf(value: unknown, path = ''): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map([[path, value]]);
  const isNamed = (item: unknown): item is { readonly name: string } =>
    typeof item === 'object' && item !== null && 'name' in item && typeof item.name === 'string';
  if (Array.isArray(value) && !value.every(isNamed)) return new Map([[path, value]]);
  const entries: readonly (readonly [string, unknown])[] = Array.isArray(value)
    ? value.map(({ name, ...rest }) => [name, rest])
    : Object.entries(value);
  const inner = entries.map(([key, field]) =>
    leavesOf(field, path === '' ? key : `${path}.${key}`),
  );
  return new Map(inner.flatMap((leaves) => [...leaves]));
}
