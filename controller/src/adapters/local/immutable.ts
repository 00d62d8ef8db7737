import type { ExperimentSpec } from '@espalier/api';

/** What may change while an Experiment runs; everything else decides what was suggested so far. */
const MUTABLE: readonly string[] = [
  'desiredState',
  'trials',
  'deadlines',
  'attempts',
  'artifacts',
  'ttlSecondsAfterFinished',
];

/** Paths (`spec.search.seed`) of what differs and must not; empty = `next` may replace `current`. */
export function immutableDifferences(current: ExperimentSpec, next: ExperimentSpec): string[] {
  const names = new Set([...Object.keys(current), ...Object.keys(next)]);
  return [...names]
    .filter((name) => !MUTABLE.includes(name))
    .flatMap((name) => differences(field(current, name), field(next, name), `spec.${name}`));
}

/** Whether two specs are the same, whatever the order of their keys. */
export function isSameSpec(a: ExperimentSpec, b: ExperimentSpec): boolean {
  return differences(a, b, 'spec').length === 0;
}

function differences(a: unknown, b: unknown, path: string): string[] {
  if (Object.is(a, b)) return [];
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) return [path];
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return [path];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) => {
    const at = Array.isArray(a) ? `${path}[${name}]` : `${path}.${name}`;
    return differences(field(a, name), field(b, name), at);
  });
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function field(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined;
}
