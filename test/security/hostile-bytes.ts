import fc from 'fast-check';
import { type Edit, place } from './hostile-text.ts';

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
