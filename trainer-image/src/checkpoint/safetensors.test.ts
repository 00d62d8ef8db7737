import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  counterTensor,
  decodeSafetensors,
  encodeSafetensors,
  floatsOf,
  floatTensor,
} from './safetensors.ts';

const TENSORS = [
  floatTensor('weight', [2, 3], Float32Array.of(1, -2, 0.1, Number.NaN, -0, 3e38)),
  floatTensor('scalar', [], Float32Array.of(7)),
  floatTensor('nothing', [0, 4], new Float32Array()),
  counterTensor('steps', 2 ** 40),
];

test('what was written comes back bit for bit, with its metadata', () => {
  const file = Buffer.concat(encodeSafetensors(TENSORS, { note: 'ü' }));
  const { tensors, metadata } = decodeSafetensors(file);
  assert.deepEqual({ ...metadata }, { note: 'ü' });
  assert.deepEqual(
    [...tensors.values()].map(({ data, ...rest }) => ({ ...rest, data: Buffer.from(data) })),
    TENSORS.map(({ data, ...rest }) => ({ ...rest, data: Buffer.from(data) })),
  );
});

test('floats may lie at any offset of the file', () => {
  const file = Buffer.concat(encodeSafetensors(TENSORS));
  const moved = Buffer.concat([Buffer.alloc(1), file]).subarray(1);
  const tensor = decodeSafetensors(moved).tensors.get('scalar');
  assert.ok(tensor);
  assert.deepEqual([...floatsOf(tensor)], [7]);
});

test('a known file is written byte for byte', () => {
  const file = Buffer.concat(encodeSafetensors([floatTensor('a', [1], Float32Array.of(1))]));
  const header = '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  const want = Buffer.concat([
    Buffer.from([padded.length, 0, 0, 0, 0, 0, 0, 0]),
    Buffer.from(padded),
    Buffer.from([0, 0, 0x80, 0x3f]),
  ]);
  assert.deepEqual(file, want);
});

function hostile(header: string, body = 4): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(body)]);
}

const refused: Record<string, { file: Buffer; want: RegExp }> = {
  'an empty file': { file: Buffer.alloc(0), want: /shorter than its header/ },
  'a header longer than the file': { file: Buffer.alloc(8, 0xff), want: /shorter than its header/ },
  'a header that is not JSON': { file: hostile('{'), want: /not JSON/ },
  'a header that is a list': { file: hostile('[]'), want: /not an object/ },
  'metadata that are no texts': {
    file: hostile('{"__metadata__":{"a":1}}', 0),
    want: /map of texts/,
  },
  'an unknown type': {
    file: hostile('{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}'),
    want: /type "F16" is not known/,
  },
  'a range outside the file': {
    file: hostile('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    want: /outside the file/,
  },
  'a range that runs backwards': {
    file: hostile('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}'),
    want: /outside the file/,
  },
  'a shape that does not fit its bytes': {
    file: hostile('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}'),
    want: /do not fit its shape/,
  },
  'a negative size': {
    file: hostile('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}'),
    want: /not a list of sizes/,
  },
  'two tensors on the same bytes, and a gap': {
    file: hostile(
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      8,
    ),
    want: /overlap or leave a gap/,
  },
  'bytes that no tensor has': { file: hostile('{}'), want: /do not fill the file/ },
};
for (const [name, { file, want }] of Object.entries(refused)) {
  test(`${name} is refused`, () => assert.throws(() => decodeSafetensors(file), want));
}
