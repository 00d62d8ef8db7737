import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_REPORT_LINE_CHARACTERS, parseReportLine } from './parse-report-line.ts';
import { encodeReportLine, type ReportLine } from './report.ts';

const count = fc.maxSafeNat();
const time = fc.double({ noNaN: true, noDefaultInfinity: true });
const metric = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity, 0));
const name = fc.stringMatching(/^[a-z][a-z_/.]{0,20}$/);
const line: fc.Arbitrary<ReportLine> = fc.oneof(
  fc.record({
    kind: fc.constant('points' as const),
    points: fc.array(
      fc.record({
        seq: count,
        step: count,
        epoch: count,
        values: fc.dictionary(name, metric, { noNullPrototype: true }),
        time,
      }),
      { maxLength: 5 },
    ),
  }),
  fc.record({
    kind: fc.constant('started' as const),
    time,
    firstSeq: count,
    resumedStep: count,
  }),
  fc.record({
    kind: fc.constant('finished' as const),
    time,
    lastSeq: fc.integer({ min: -1 }),
    digest: fc.stringMatching(/^[0-9a-f]{16}$/),
  }),
);

/** JSON knows no -0; nothing else may change. */
function withoutNegativeZero(value: unknown): unknown {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(withoutNegativeZero);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withoutNegativeZero(item)]),
  );
}

test('K11 every report survives encoding and parsing, NaN and infinities included', () => {
  fc.assert(
    fc.property(line, (sent) => {
      const text = encodeReportLine(sent);
      assert.ok(!text.includes('\n'));
      assert.deepEqual(parseReportLine(text), { ok: true, line: withoutNegativeZero(sent) });
    }),
  );
});

const point = (values: string, seq = '0'): string =>
  `{"kind":"points","points":[{"seq":${seq},"step":1,"epoch":0,"values":${values},"time":1}]}`;

const refused: Record<string, { text: string; want: RegExp }> = {
  'an empty line': { text: '', want: /^not JSON: ""$/ },
  'half a line': { text: point('{"loss":1}').slice(0, 40), want: /^not JSON: "\{/ },
  'two lines in one': { text: point('{}') + point('{}'), want: /^not JSON/ },
  'what Python writes for NaN': {
    text: point('{"loss": NaN}'),
    want: /write NaN and Infinity in quotes$/,
  },
  'no object': { text: '[1]', want: /^the line: / },
  nothing: { text: 'null', want: /^the line: / },
  'an unknown kind': { text: '{"kind":"gossip"}', want: /^kind: / },
  'a point without seq': {
    text: '{"kind":"points","points":[{"step":1,"epoch":0,"values":{},"time":1}]}',
    want: /^points\[0\]\.seq: /,
  },
  'a seq below 0': { text: point('{}', '-1'), want: /^points\[0\]\.seq: / },
  'a seq beyond 2^53': { text: point('{}', '1e300'), want: /^points\[0\]\.seq: / },
  'a number beyond every double': { text: point('{"loss":1e999}'), want: /values\.loss: / },
  'a text for a number': { text: point('{"loss":"low"}'), want: /values\.loss: / },
  'a metric of 64 KiB': {
    text: point(`{"${'x'.repeat(1 << 16)}":1}`),
    want: /points\[0\]\.values/,
  },
  'a metric without a name': { text: point('{"":1}'), want: /points\[0\]\.values/ },
  'nesting of 100,000 levels': {
    text: point(`{"loss":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
    want: /^(points|not JSON)/,
  },
  'a line of more than 1 MiB': {
    text: ' '.repeat(MAX_REPORT_LINE_CHARACTERS + 1),
    want: /^the line is longer than 1048576 characters$/,
  },
  'an escape sequence for terminals': { text: '\u001b[2Jx', want: /^not JSON: "\\u\{1b\}\[2Jx"$/ },
};
for (const [title, tc] of Object.entries(refused)) {
  test(`F14 a hostile report line is refused in few words: ${title}`, () => {
    const parsed = parseReportLine(tc.text);
    assert.ok(!parsed.ok);
    assert.match(parsed.message, tc.want);
    assert.ok(parsed.message.length < 250, parsed.message);
    assert.doesNotMatch(parsed.message, /\p{Cc}/u);
  });
}

test('F14 more points than a line may hold are refused', () => {
  const points = Array.from({ length: 10_001 }, () => '{}').join(',');
  const parsed = parseReportLine(`{"kind":"points","points":[${points}]}`);
  assert.ok(!parsed.ok && parsed.message.startsWith('points'));
});

test('a metric named like a prototype changes no prototype', () => {
  const parsed = parseReportLine(point('{"__proto__":1,"constructor":2}'));
  assert.ok(parsed.ok && parsed.line.kind === 'points');
  assert.deepEqual(Object.entries(parsed.line.points[0]?.values ?? {}), [['constructor', 2]]);
});

test('F14 whatever the text, the parser answers', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
      const parsed = parseReportLine(text);
      assert.ok(parsed.ok || parsed.message.length > 0);
    }),
  );
});
