import fc from 'fast-check';

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

/** Pieces of text that mean something to one parser or another. */
const TOKENS = [
  '\0',
  '\r',
  '\n',
  '\t',
  '\u2028',
  '\ufeff',
  '\ud800',
  '\udfff',
  '"',
  "'",
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '- ',
  '#',
  '&a ',
  '*a',
  '!!js/function ',
  '<<: ',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '|\n',
  '>-\n',
  '? ',
  '__proto__',
  '"__proto__":{"espalierPolluted":true}',
  '__proto__:\n  espalierPolluted: true\n',
  'constructor',
  '1e999',
  '-1e999',
  '-0',
  '0x10',
  '1_000',
  '99999999999999999999',
  'NaN',
  '.inf',
  '../',
  '..\\',
  '/',
  '%00',
  '%2e%2e%2f',
  '\u001b]0;x\u0007',
  '<!--',
  ']]>',
  '&lt;',
  '&#0;',
  '\n\n\n',
] as const;

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Where in a sample something is changed: 0 = its begin, 1 = its end. */
const place = fc.nat(1_000_000).map((part) => part / 1_000_000);

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(fc.constantFrom(...TOKENS), { maxLength: 30 }).map((tokens) => tokens.join('')),
);

const textEdit = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('insert' as const),
      at: place,
      text: fc.oneof(fc.constantFrom(...TOKENS), anyText),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('cut' as const), at: place, until: place }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), at: place }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('repeat' as const),
      at: place,
      until: place,
      times: fc.nat(20),
    }),
  },
  {
    // Seldom: most readers take the longest over it.
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('deep' as const),
      at: place,
      open: fc.constantFrom('[', '{"a":', '- ', '('),
      times: fc.constantFrom(100, 5_000),
    }),
  },
);
type Edit<T> = T extends fc.Arbitrary<infer U> ? U : never;

const MAX_TEXT = 40_000;

function editText(text: string, edit: Edit<typeof textEdit>): string {
  const at = Math.floor(edit.at * text.length);
  switch (edit.kind) {
    case 'insert':
      return text.slice(0, at) + edit.text + text.slice(at);
    case 'end':
      return text.slice(0, at);
    case 'deep':
      return text.slice(0, at) + edit.open.repeat(edit.times) + text.slice(at);
    case 'cut':
      return text.slice(0, at) + text.slice(Math.max(at, Math.floor(edit.until * text.length)));
    case 'repeat': {
      const piece = text.slice(at, at + Math.ceil(edit.until * 400));
      return text.slice(0, at) + piece.repeat(edit.times) + text.slice(at);
    }
  }
}

/** Valid samples, broken in up to four places; and texts of nothing but such pieces. */
export function hostileText(samples: readonly string[]): fc.Arbitrary<string> {
  const edited = fc
    .tuple(fc.constantFrom(...samples), fc.array(textEdit, { maxLength: 4 }))
    .map(([sample, edits]) => edits.reduce(editText, sample).slice(0, MAX_TEXT));
  return fc.oneof({ weight: 6, arbitrary: edited }, { weight: 1, arbitrary: anyText });
}

const byteEdit = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
  fc.record({
    kind: fc.constant('set' as const),
    at: place,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  }),
  fc.record({
    kind: fc.constant('set' as const),
    at: place,
    bytes: fc.constantFrom(
      Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
      Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
      new Uint8Array(512),
      Uint8Array.from(Buffer.from('../../')),
    ),
  }),
  fc.record({ kind: fc.constant('end' as const), at: place }),
  fc.record({
    kind: fc.constant('repeat' as const),
    at: place,
    length: fc.integer({ min: 1, max: 2_048 }),
  }),
  fc.record({
    kind: fc.constant('drop' as const),
    at: place,
    length: fc.integer({ min: 1, max: 600 }),
  }),
);

function editBytes(bytes: Buffer, edit: Edit<typeof byteEdit>): Buffer {
  const at = Math.floor(edit.at * bytes.length);
  switch (edit.kind) {
    case 'flip': {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << edit.bit);
      return flipped;
    }
    case 'set': {
      const set = Buffer.from(bytes);
      set.set(edit.bytes.subarray(0, set.length - at), at);
      return set;
    }
    case 'end':
      return bytes.subarray(0, at);
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, at + edit.length), bytes.subarray(at)]);
    case 'drop':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + edit.length)]);
  }
}

/**
 * Valid samples with flipped bits, missing ends, repeated and missing pieces; and random bytes.
 *
 * @param head Every second case is only changed in so many bytes from the start, where formats say the most.
 */
export function hostileBytes(samples: readonly Uint8Array[], head = 512): fc.Arbitrary<Buffer> {
  const edits = fc.array(byteEdit, { maxLength: 4 });
  const sample = fc.constantFrom(...samples.map((each) => Buffer.from(each)));
  const anywhere = fc.tuple(sample, edits).map(([bytes, list]) => list.reduce(editBytes, bytes));
  const begin = fc
    .tuple(sample, edits)
    .map(([bytes, list]) =>
      Buffer.concat([list.reduce(editBytes, bytes.subarray(0, head)), bytes.subarray(head)]),
    );
  const noise = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
  return fc.oneof(
    { weight: 4, arbitrary: anywhere },
    { weight: 4, arbitrary: begin },
    { weight: 1, arbitrary: noise },
  );
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
