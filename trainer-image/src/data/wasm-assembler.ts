/**
 * Turns a few WebAssembly instructions, written as text, into a module: enough for loops over bytes with
 * 128-bit vectors, and no tool needed to build them.
 *
 * @see https://webassembly.github.io/spec/core/binary, the binary format.
 */

/** How an instruction is encoded: its bytes, then what follows it in the text. */
interface Encoding {
  readonly bytes: readonly number[];
  /** A local's name, a whole number, a depth of blocks, an address without offset, the same with lane 0. */
  readonly operand?: 'local' | 'number' | 'depth' | 'address' | 'lane';
}

const vector = (code: number, operand?: Encoding['operand']): Encoding => ({
  bytes: [0xfd, ...unsigned(code)],
  ...(operand && { operand }),
});

const INSTRUCTIONS: Readonly<Record<string, Encoding>> = {
  block: { bytes: [0x02, 0x40] },
  loop: { bytes: [0x03, 0x40] },
  end: { bytes: [0x0b] },
  br: { bytes: [0x0c], operand: 'depth' },
  br_if: { bytes: [0x0d], operand: 'depth' },
  'local.get': { bytes: [0x20], operand: 'local' },
  'local.set': { bytes: [0x21], operand: 'local' },
  'i32.load': { bytes: [0x28], operand: 'address' },
  'i32.const': { bytes: [0x41], operand: 'number' },
  'i32.lt_s': { bytes: [0x48] },
  'i32.ge_s': { bytes: [0x4e] },
  'i32.add': { bytes: [0x6a] },
  'i32.mul': { bytes: [0x6c] },
  'v128.load32_splat': vector(9, 'address'),
  'i32x4.splat': vector(17),
  'v128.store32_lane': vector(90, 'lane'),
  'v128.store64_lane': vector(91, 'lane'),
  'v128.load32_zero': vector(92, 'address'),
  'v128.load64_zero': vector(93, 'address'),
  'i8x16.narrow_i16x8_u': vector(102),
  'i16x8.narrow_i32x4_u': vector(134),
  'i16x8.extend_low_i8x16_u': vector(137),
  'i32x4.extend_low_i16x8_u': vector(169),
  'i32x4.extend_high_i16x8_u': vector(170),
  'i32x4.shr_s': vector(172),
  'i32x4.add': vector(174),
  'i32x4.mul': vector(181),
};

/** A function of whole numbers that returns nothing. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly numbers: readonly string[];
  readonly vectors: readonly string[];
  readonly code: string;
}

const [NUMBER, VECTOR] = [0x7f, 0x7b];

/** A module that exports its `memory`, of `pages` at first, and `functions`. */
export function assemble(
  functions: readonly WasmFunction[],
  pages: number,
): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [
    0x60,
    ...list(parameters.map(() => [NUMBER])),
    0,
  ]);
  const exported = functions.map(({ name }, index) => [...text(name), 0, ...unsigned(index)]);
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(3, list(functions.map((_, index) => unsigned(index)))),
    ...section(5, list([[0, ...unsigned(pages)]])),
    ...section(7, list([[...text('memory'), 2, 0], ...exported])),
    ...section(10, list(functions.map(bodyOf))),
  ]);
}

function bodyOf({ parameters, numbers, vectors, code }: WasmFunction): number[] {
  const locals = [
    [...unsigned(numbers.length), NUMBER],
    [...unsigned(vectors.length), VECTOR],
  ];
  const names = [...parameters, ...numbers, ...vectors];
  const body = [...list(locals), ...encode(code, names), 0x0b];
  return [...unsigned(body.length), ...body];
}

function encode(code: string, locals: readonly string[]): number[] {
  const words = code.split(/\s+/).filter((word) => word !== '');
  const bytes: number[] = [];
  for (let at = 0; at < words.length; at++) {
    const encoding = INSTRUCTIONS[words[at] ?? ''];
    if (encoding === undefined) throw new Error(`no instruction ${words[at]}`);
    bytes.push(...encoding.bytes);
    if (encoding.operand === 'address') bytes.push(0, 0);
    else if (encoding.operand === 'lane') bytes.push(0, 0, 0);
    else if (encoding.operand !== undefined)
      bytes.push(...operandOf(words[++at] ?? '', encoding, locals));
  }
  return bytes;
}

function operandOf(word: string, { operand }: Encoding, locals: readonly string[]): number[] {
  if (operand === 'number') return signed(Number(word));
  if (operand === 'depth') return unsigned(Number(word));
  const index = locals.indexOf(word);
  if (index < 0) throw new Error(`no local ${word}`);
  return unsigned(index);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): number[] {
  const bytes = Buffer.from(value);
  return [...unsigned(bytes.length), ...bytes];
}

/** LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest < -64 || rest > 63) {
    bytes.push((rest & 127) | 128);
    rest >>= 7;
  }
  return [...bytes, rest & 127];
}
