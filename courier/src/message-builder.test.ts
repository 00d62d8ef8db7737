import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Point, parseReportLine } from '@espalier/api';
import fc from 'fast-check';
import { MessageBuilder, type ReportMessage } from './message-builder.ts';

const pointsOf = ({ data }: ReportMessage): readonly Point[] => {
  const parsed = parseReportLine(data);
  assert.ok(parsed.ok && parsed.line.kind === 'points', data.slice(0, 200));
  return parsed.line.points;
};

test('G6 messages carry every point once and in order, and are as long as allowed', () => {
  const name = fc.string({ minLength: 1, maxLength: 30 }).filter((text) => text !== '__proto__');
  const values = fc.dictionary(name, fc.oneof(fc.double(), fc.constant(Number.NaN)), {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(
      fc.array(fc.array(values, { maxLength: 8 }), { maxLength: 20 }),
      fc.integer({ min: 100, max: 3_000 }),
      fc.integer({ min: -1, max: 20 }),
      (lines, maxBytes, skipTo) => {
        const builder = new MessageBuilder(maxBytes);
        const sent: Point[] = [];
        const messages: ReportMessage[] = [];
        for (const line of lines) {
          const points = line.map((each, at) => {
            const seq = sent.length + at;
            return { seq, step: seq, epoch: 0, values: each, time: 0 };
          });
          sent.push(...points);
          messages.push(...builder.add(points, skipTo));
        }
        messages.push(...builder.take());
        assert.ok(builder.isEmpty);
        assert.deepEqual(
          messages.flatMap(pointsOf).map(({ seq, values }) => [seq, Object.keys(values)]),
          sent
            .filter(({ seq }) => seq > skipTo)
            .map(({ seq, values }) => [seq, Object.keys(values)]),
        );
        for (const message of messages) {
          const isOnePoint = pointsOf(message).length === 1;
          assert.ok(Buffer.byteLength(message.data) <= maxBytes || isOnePoint);
          assert.equal(message.topSeq, pointsOf(message).at(-1)?.seq);
        }
      },
    ),
  );
});

test('values that JSON cannot carry arrive as they were', () => {
  const builder = new MessageBuilder(1_000);
  const values = {
    a: Number.NaN,
    b: Number.POSITIVE_INFINITY,
    c: Number.NEGATIVE_INFINITY,
    d: 1.5,
  };
  builder.add([{ seq: 0, step: 1, epoch: 0, values, time: 0 }], -1);
  const [message] = builder.take();
  assert.ok(message);
  assert.deepEqual(pointsOf(message)[0]?.values, values);
});
