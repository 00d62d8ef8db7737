import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Point } from '@espalier/api';
import { crc32c, maskedCrc32c } from './crc32c.ts';
import { encodeEvents, eventsFileName } from './events.ts';
import { readColumns } from './read-table.ts';

const points: Point[] = [
  { seq: 0, step: 300, epoch: 0, values: { loss: 0.5, lr: 0.25 }, time: 1_700_000_000_500 },
  { seq: 1, step: 300, epoch: 1, values: { train_loss: 2 }, time: 1_700_000_001_000 },
];

test('the checksum of 123456789 is the published one', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
});

test('an event file is records with checksums, the version first', () => {
  const file = Buffer.concat(encodeEvents(points));
  const bodies: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    assert.equal(file.readUInt32LE(at + 8), maskedCrc32c(file.subarray(at, at + 8)));
    const body = file.subarray(at + 12, at + 12 + length);
    assert.equal(file.readUInt32LE(at + 12 + length), maskedCrc32c(body));
    bodies.push(body);
    at += 16 + length;
  }
  assert.equal(bodies.length, 3);
  assert.equal(bodies[0]?.readDoubleLE(1), 1_700_000_000.5);
  assert.match(bodies[0]?.toString('latin1') ?? '', /brain\.Event:2$/);
  // Step 300 is 0xac 0x02 in seven-bit groups.
  assert.deepEqual([...(bodies[1]?.subarray(9, 12) ?? [])], [0x10, 0xac, 0x02]);
  assert.match(bodies[1]?.toString('latin1') ?? '', /step\/loss.*step\/lr/s);
  assert.match(bodies[2]?.toString('latin1') ?? '', /epoch\/train_loss/);
});

test('the name of an event file is one that TensorBoard takes', () => {
  assert.equal(eventsFileName(points), 'events.out.tfevents.1700000000.espalier');
});

test('a table is read back as columns, an empty cell as NaN', () => {
  const columns = readColumns('epoch,loss\n0,0.5\n1,\n');
  assert.deepEqual(columns.get('loss'), [0.5, Number.NaN]);
});
