import { isDeepStrictEqual } from 'node:util';
import { type ExperimentSpec, experimentSpecSchema } from '@espalier/api';

type Fields = Record<string, unknown>;

/** The least that has the same meaning, in the same order: what a person would have written. */
export function withoutDefaults(spec: ExperimentSpec): Fields {
  const whole = experimentSpecSchema.parse(spec);
  const least = structuredClone(spec) as Fields;
  const isSame = () => {
    const parsed = experimentSpecSchema.safeParse(least);
    return parsed.success && isDeepStrictEqual(parsed.data, whole);
  };
  for (const [parent, key] of fieldsOf(least)) {
    const value = parent[key];
    delete parent[key];
    // What is put back comes last, and so does everything after it.
    if (!isSame()) parent[key] = value;
  }
  return least;
}

/** Every field, those around others first; fields of one that the reader removes are left out. */
function* fieldsOf(value: unknown): Generator<readonly [Fields, string]> {
  if (Array.isArray(value)) {
    for (const item of value) yield* fieldsOf(item);
  } else if (typeof value === 'object' && value !== null) {
    const fields = value as Fields;
    for (const key of Object.keys(fields)) {
      yield [fields, key];
      if (Object.hasOwn(fields, key)) yield* fieldsOf(fields[key]);
    }
  }
}
