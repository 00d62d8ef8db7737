/**
 * The safetensors format: a u64 length, a JSON header of that length, then the tensors' bytes, all
 * little-endian, without gaps.
 *
 * @see https://huggingface.co/docs/safetensors, "Format".
 */

type TensorType = 'F32' | 'I64';

export interface FileTensor {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, FileTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const BYTES: Record<TensorType, number> = { F32: 4, I64: 8 };
const LENGTH_BYTES = 8;
/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000;
const METADATA = '__metadata__';

export function floatTensor(
  name: string,
  shape: readonly number[],
  values: Float32Array,
): FileTensor {
  return { name, type: 'F32', shape, data: bytesOf(values) };
}

/** A single whole number, as PyTorch keeps counters. */
export function counterTensor(name: string, value: number): FileTensor {
  return { name, type: 'I64', shape: [], data: bytesOf(BigInt64Array.of(BigInt(value))) };
}

/** A list of whole numbers. */
export function wholesTensor(name: string, values: Int32Array): FileTensor {
  const data = bytesOf(BigInt64Array.from(values, BigInt));
  return { name, type: 'I64', shape: [values.length], data };
}

/** The values of a float tensor, aligned, in memory of their own. */
export function floatsOf(tensor: FileTensor): Float32Array {
  if (tensor.type !== 'F32') throw new Error(`${tensor.name} is ${tensor.type}, not F32`);
  return new Float32Array(Uint8Array.from(tensor.data).buffer);
}

/** The file in pieces, so that no second copy of the tensors is made. */
export function encodeSafetensors(
  tensors: readonly FileTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header[METADATA] = metadata;
  let offset = 0;
  for (const { name, type, shape, data } of tensors) {
    header[name] = { dtype: type, shape, data_offsets: [offset, offset + data.length] };
    offset += data.length;
  }
  const text = JSON.stringify(header);
  // Spaces up to a multiple of 8 keep the tensors aligned, as the reference writer does.
  const padded = Buffer.from(text + ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(padded.length));
  return [length, padded, ...tensors.map((tensor) => tensor.data)];
}

/**
 * Reads a file that nobody vouches for.
 *
 * @throws {Error} saying what is wrong with it.
 */
export function decodeSafetensors(file: Uint8Array): SafetensorsFile {
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (view.length < LENGTH_BYTES) throw new Error('the file is shorter than its header');
  const headerBytes = Number(view.readBigUInt64LE());
  if (headerBytes > MAX_HEADER_BYTES || LENGTH_BYTES + headerBytes > view.length) {
    throw new Error('the file is shorter than its header');
  }
  const begin = LENGTH_BYTES + headerBytes;
  const header = parseHeader(view.toString('utf8', LENGTH_BYTES, begin));
  const body = file.subarray(begin);
  const tensors = new Map<string, FileTensor>();
  let metadata: Record<string, string> = {};
  const ranges: [number, number][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === METADATA) metadata = parseMetadata(entry);
    else {
      const tensor = parseTensor(name, entry, body);
      const from = tensor.data.byteOffset - body.byteOffset;
      ranges.push([from, from + tensor.data.length]);
      tensors.set(name, tensor);
    }
  }
  requireNoGap(ranges, body.length);
  return { tensors, metadata };
}

/** The ranges must follow one another from the first byte to the last. */
function requireNoGap(ranges: readonly [number, number][], length: number): void {
  let end = 0;
  for (const [from, to] of ranges.toSorted(([a, b], [c, d]) => a - c || b - d)) {
    if (from !== end) throw new Error('the bytes of two tensors overlap or leave a gap');
    end = to;
  }
  if (end !== length) throw new Error('the tensors do not fill the file');
}

function parseHeader(text: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw new Error('the header is not JSON', { cause: error });
  }
  if (!isRecord(header)) throw new Error('the header is not an object');
  return header;
}

function parseMetadata(entry: unknown): Record<string, string> {
  if (!isRecord(entry) || !Object.values(entry).every((value) => typeof value === 'string')) {
    throw new Error(`${METADATA} is not a map of texts`);
  }
  return entry as Record<string, string>;
}

function parseTensor(name: string, entry: unknown, body: Uint8Array): FileTensor {
  const fail = (what: string): never => {
    throw new Error(`tensor ${name}: ${what}`);
  };
  if (!isRecord(entry)) return fail('not described by an object');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (dtype !== 'F32' && dtype !== 'I64') return fail(`type ${JSON.stringify(dtype)} is not known`);
  if (!isSizes(shape)) return fail('its shape is not a list of sizes');
  if (!isSizes(offsets) || offsets.length !== 2) return fail('it has no range of bytes');
  const [from = 0, to = 0] = offsets;
  if (from > to || to > body.length) return fail('its bytes lie outside the file');
  const elements = shape.reduce((product, size) => product * size, 1);
  if (to - from !== elements * BYTES[dtype]) return fail('its bytes do not fit its shape');
  return { name, type: dtype, shape, data: body.subarray(from, to) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
