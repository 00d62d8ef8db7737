import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAge, formatDuration } from './duration.ts';
import { formatMetric, formatNumber, formatRate } from './number.ts';
import { printable, printableLog } from './printable.ts';
import { sparkline } from './sparkline.ts';
import { wantsColour } from './style.ts';
import { displayWidth, fit, truncate } from './width.ts';

function pairs(title: string, format: (input: never) => string, cases: [unknown, string][]): void {
  test(title, () => {
    for (const [input, want] of cases) assert.equal(format(input as never), want);
  });
}

pairs('a duration shows its two largest units', formatDuration, [
  [0, '0.0s'],
  [420, '0.4s'],
  [951, '1s'],
  [45_400, '45s'],
  [59_600, '1m00s'],
  [125_000, '2m05s'],
  [3_599_600, '1h00m'],
  [4_320_000, '1h12m'],
  [86_399_000, '1d0h'],
  [273_600_000, '3d4h'],
  [-5, '0.0s'],
  [Number.NaN, '-'],
]);

pairs('a number has at most four significant digits', formatNumber, [
  [0, '0'],
  [64, '64'],
  [123_456, '123456'],
  [0.001, '0.001'],
  [0.00213456, '0.002135'],
  [0.000213456, '2.135e-4'],
  [1e-5, '1e-5'],
  [1.5, '1.5'],
  [1_234_567.5, '1.235e6'],
  [-0.25, '-0.25'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
]);

pairs('a metric has four decimals where they say enough', formatMetric, [
  [0.95, '0.9500'],
  [0.97131, '0.9713'],
  [3, '3.0000'],
  [0, '0'],
  [0.00042, '4.2e-4'],
  [1234.5, '1235'],
  [Number.NaN, 'NaN'],
]);

pairs('a rate is short', formatRate, [
  [0.5, '0.5'],
  [9.96, '10'],
  [87.3, '87'],
  [999.6, '1k'],
  [1234, '1.2k'],
  [45_600, '46k'],
  [3_400_000, '3.4M'],
]);

test('an age without a beginning is a dash', () => {
  assert.equal(formatAge(undefined, 0), '-');
  assert.equal(formatAge('', 0), '-');
  assert.equal(formatAge('1970-01-01T00:00:00Z', 61_000), '1m01s');
});

test('a sparkline scales between its own extremes and keeps both ends', () => {
  assert.equal(sparkline([0, 0.5, 1], 8), '▁▅█');
  assert.equal(sparkline([1, 1, 1], 8), '▄▄▄');
  assert.equal(sparkline([0, Number.NaN, 1], 8), '▁ █');
  assert.equal(sparkline([5], 8), '');
  assert.equal(sparkline([Number.NaN, 1], 8), '');
  assert.equal(
    sparkline(
      Array.from({ length: 100 }, (_, n) => n),
      4,
    ),
    '▁▃▆█',
  );
});

test('wide, combining and joined characters are counted as terminals draw them', () => {
  assert.equal(displayWidth('lr'), 2);
  assert.equal(displayWidth('学習率'), 6);
  assert.equal(displayWidth('e\u0301'), 1);
  assert.equal(displayWidth('🌳'), 2);
  assert.equal(displayWidth('한글'), 4);
  assert.equal(displayWidth('ｗ'), 2);
  assert.equal(displayWidth('▁▂…'), 3);
});

test('text is cut at a whole character', () => {
  assert.equal(truncate('schedule', 8), 'schedule');
  assert.equal(truncate('schedule', 5), 'sche…');
  assert.equal(truncate('学習率', 4), '学…');
  assert.equal(truncate('abc', 1), '…');
  assert.equal(truncate('abc', 0), '');
  assert.equal(fit('学習率', 4), '学… ');
  assert.equal(fit('5', 3, 'right'), '  5');
});

test('property: fitted text has exactly the width, cut text no more', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, width) => {
      assert.equal(displayWidth(fit(text, width)), width);
      assert.ok(displayWidth(truncate(text, width)) <= width);
    }),
  );
});

test('controls, escapes and marks that reorder a line become visible', () => {
  assert.equal(printable('a\x1b[2Jb'), 'a\\x1b[2Jb');
  assert.equal(printable('a\nb\tc\r'), 'a\\nb\\tc\\r');
  assert.equal(printable('x\u202Egnp.exe'), 'x\\u202egnp.exe');
  assert.equal(printable('\u009b31m'), '\\x9b31m');
  assert.equal(printable('学習率 é 🌳'), '学習率 é 🌳');
});

test('property: printable text holds nothing that a terminal acts upon', () => {
  const anything = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(anything, (text) => {
      assert.doesNotMatch(printable(text), /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
    }),
  );
});

test("a trainer's log keeps lines and colours and loses what steers the terminal", () => {
  assert.equal(printableLog('a\n\tb\r\n'), 'a\n\tb\r\n');
  assert.equal(printableLog('\x1b[1;32mok\x1b[0m'), '\x1b[1;32mok\x1b[0m');
  assert.equal(printableLog('\x1b[2J\x1b]0;title\x07'), '\\x1b[2J\\x1b]0;title\\x07');
});

test('FORCE_COLOR decides before NO_COLOR, and that before the terminal', () => {
  assert.equal(wantsColour({}, true), true);
  assert.equal(wantsColour({}, false), false);
  assert.equal(wantsColour({ NO_COLOR: '1' }, true), false);
  assert.equal(wantsColour({ NO_COLOR: '' }, true), true);
  assert.equal(wantsColour({ FORCE_COLOR: '1', NO_COLOR: '1' }, false), true);
  assert.equal(wantsColour({ FORCE_COLOR: '0' }, true), false);
  assert.equal(wantsColour({ TERM: 'dumb' }, true), false);
});
