import fc from 'fast-check';
import { type Edit, hostileText, place } from './hostile-text.ts';

/** A field that hostile prototypes carry, to be looked for where it must not be. */
export const MARK = 'espalierPolluted';

const POLLUTING = JSON.parse(
  `{"__proto__":{"${MARK}":true},"constructor":{"prototype":{"${MARK}":true}}}`,
);

/** Values that some reader somewhere did not expect. */
const SURPRISES: readonly unknown[] = [
  null,
  true,
  '',
  '__proto__',
  'constructor',
  'toString',
  '\0',
  '\ud800',
  '\u202e\u001b[2J',
  '../../../../etc/passwd',
  '/etc/passwd',
  'a'.repeat(5_000),
  'NaN',
  0,
  -0,
  -1,
  0.1,
  1e21,
  1e308,
  -1e308,
  5e-324,
  2 ** 31,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  [],
  {},
  [[]],
  Array.from({ length: 300 }, (_, index) => index),
  POLLUTING,
  nested(200),
];

const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'length',
  '',
  '\0',
  'then',
  'toJSON',
];
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
/** A value where something surprising may stand: one that JSON can carry. */
export const surprise: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...SURPRISES) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

const valueEdit = fc.record({
  path: fc.array(place, { minLength: 1, maxLength: 9 }),
  kind: fc.constantFrom(
    'replace' as const,
    'replace' as const,
    'remove' as const,
    'add' as const,
    'repeat' as const,
  ),
  key: fc.oneof(fc.constantFrom(...KEYS), fc.string({ maxLength: 20 })),
  value: surprise,
});

/** Valid values, some of whose fields were replaced, removed, repeated or joined by others. */
export function hostileValue(samples: readonly unknown[]): fc.Arbitrary<unknown> {
  const edited = fc
    .tuple(fc.constantFrom(...samples), fc.array(valueEdit, { maxLength: 4 }))
    .map(([sample, edits]) => edits.reduce(editValue, sample));
  return fc.oneof({ weight: 8, arbitrary: edited }, { weight: 1, arbitrary: surprise });
}

/** The same as JSON, some of it broken as a text, too. */
export function hostileJson(samples: readonly unknown[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: hostileValue(samples).map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: hostileText(samples.map((sample) => JSON.stringify(sample))) },
  );
}

function editValue(value: unknown, edit: Edit<typeof valueEdit>): unknown {
  return editAt(value, edit, 0);
}

function editAt(value: unknown, edit: Edit<typeof valueEdit>, depth: number): unknown {
  const part = edit.path[depth];
  if (typeof value !== 'object' || value === null || part === undefined) {
    return edit.kind === 'replace' ? edit.value : value;
  }
  const entries: [string, unknown][] = Object.entries(value);
  const at = Math.min(Math.floor(part * entries.length), entries.length - 1);
  const isLast = depth === edit.path.length - 1;
  const chosen = entries[at];
  if (isLast && edit.kind === 'remove') entries.splice(at, 1);
  else if (isLast && edit.kind === 'add') entries.push([edit.key, edit.value]);
  else if (isLast && edit.kind === 'repeat' && chosen) entries.splice(at, 0, chosen);
  else if (chosen) entries[at] = [chosen[0], editAt(chosen[1], edit, depth + 1)];
  return Array.isArray(value) ? entries.map(([, each]) => each) : objectOf(entries);
}

/** `Object.fromEntries` defines its fields, so that `__proto__` is one like any other. */
function objectOf(entries: readonly [string, unknown][]): object {
  return Object.fromEntries(entries);
}
