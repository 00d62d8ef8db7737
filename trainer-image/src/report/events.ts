import type { Point } from '@espalier/api';
import { maskedCrc32c } from './crc32c.ts';
import { isEpochPoint } from './tables.ts';

/**
 * TensorBoard's event files: TFRecords of `Event` messages.
 *
 * @see tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto.
 */

const VERSION = 'brain.Event:2';
/** Field numbers and wire types of the messages. */
const EVENT = { wallTime: 0x09, step: 0x10, fileVersion: 0x1a, summary: 0x2a } as const;
const SUMMARY_VALUE = 0x0a;
const VALUE = { tag: 0x0a, simpleValue: 0x15 } as const;

/** The name of a run's file; TensorBoard looks for `tfevents` in it. */
export function eventsFileName(points: readonly Point[]): string {
  const seconds = Math.floor((points[0]?.time ?? 0) / 1000);
  return `events.out.tfevents.${seconds}.espalier`;
}

/** The whole file: every value of every point, those of epochs under `epoch/`. */
export function encodeEvents(points: readonly Point[]): Uint8Array[] {
  const began = (points[0]?.time ?? 0) / 1000;
  const version = [double(EVENT.wallTime, began), text(EVENT.fileVersion, VERSION)];
  const records = [record(Buffer.concat(version))];
  for (const point of points) {
    const prefix = isEpochPoint(point) ? 'epoch' : 'step';
    const step = prefix === 'epoch' ? point.epoch : point.step;
    const values = Object.entries(point.values).map(([name, value]) =>
      message(
        SUMMARY_VALUE,
        Buffer.concat([text(VALUE.tag, `${prefix}/${name}`), float(VALUE.simpleValue, value)]),
      ),
    );
    const event = [
      double(EVENT.wallTime, point.time / 1000),
      Buffer.concat([Buffer.of(EVENT.step), varint(step)]),
      message(EVENT.summary, Buffer.concat(values)),
    ];
    records.push(record(Buffer.concat(event)));
  }
  return records;
}

function record(data: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, checksum(length), data, checksum(data)]);
}

function checksum(data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(maskedCrc32c(data));
  return bytes;
}

function message(key: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(key), varint(content.length), content]);
}

function text(key: number, value: string): Buffer {
  return message(key, Buffer.from(value));
}

function double(key: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = key;
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function float(key: number, value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = key;
  bytes.writeFloatLE(value, 1);
  return bytes;
}

/** Seven bits a byte, the lowest first. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
