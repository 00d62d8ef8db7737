import fc from 'fast-check';

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
/** Where in a sample something is changed: 0 = its begin, 1 = its end. */
export const place = fc.nat(1_000_000).map((part) => part / 1_000_000);

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
export type Edit<T> = T extends fc.Arbitrary<infer U> ? U : never;

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
