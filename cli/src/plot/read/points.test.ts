import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PointCollector } from './points.ts';

const METRICS = new Set(['valid_acc']);
const point = (seq: number, value: number | string) =>
  JSON.stringify({ seq, step: seq + 1, epoch: 0, values: { valid_acc: value, other: 1 }, time: 0 });
const started = (firstSeq: number) =>
  JSON.stringify({ kind: 'started', time: 0, firstSeq, resumedStep: firstSeq });

function valuesOf(lines: readonly string[]): readonly (number | undefined)[] {
  const collector = new PointCollector(METRICS);
  for (const line of lines) collector.line(line);
  return collector.points().map(({ values }) => values['valid_acc']);
}

const CASES = {
  'points of a segment, in the order of their numbers': [
    [point(1, 2), point(0, 1)],
    [1, 2],
  ],
  'points of a report': [
    [started(0), `{"kind":"points","points":[${point(0, 1)},${point(1, 2)}]}`],
    [1, 2],
  ],
  'a point that comes again counts once, as it came last': [[point(0, 1), point(0, 9)], [9]],
  'what an attempt trains again replaces what was lost': [
    [point(0, 1), point(1, 2), point(2, 3), started(1), point(1, 5)],
    [1, 5],
  ],
  'a line that is cut off is left out': [[point(0, 1), point(1, 2).slice(0, 20)], [1]],
  'values that are no numbers are left out': [[point(0, 'NaN'), point(1, 'Infinity')], []],
  'what is no point at all is left out': [['[]', 'null', '{"kind":"points","points":[7]}'], []],
} as const;
for (const [name, [lines, expected]] of Object.entries(CASES)) {
  test(name, () => assert.deepEqual(valuesOf(lines), expected));
}
