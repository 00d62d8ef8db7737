import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import sharp from 'sharp';
import { makeFolder, writeText } from '../files/whole-file.ts';
import { ConfigurationError, systemCode } from '../trainer-error.ts';
import { DIGIT_SIDE, type Digit, splitDigits } from './digits.ts';

/** Written last: a folder that has it is complete. */
const MARKER = 'digits.json';
const TRUTH = 'test_truth.csv';
const JPEG_QUALITY = 95;
/** Encodings in flight: a few more than sharp has threads. */
const PARALLEL = 8;

/** How many images each set has. */
export interface DigitCounts {
  readonly train: number;
  readonly valid: number;
  readonly test: number;
}

/**
 * Makes the digits data set in `folder`: `<label>_<id>.jpg` to train and validate, `<number>.jpg`
 * without a label to test, the truth of these in `test_truth.csv` in the order of a submission.
 *
 * Does nothing if the set is there. It appears as a whole by a rename, so several processes may make
 * it at once and one that dies leaves no half set.
 *
 * @throws {ConfigurationError} if the folder holds something else.
 */
export async function writeDigits(folder: string, limit: number | undefined): Promise<DigitCounts> {
  const target = resolve(folder);
  const existing = readMarker(target, limit);
  if (existing !== undefined) return existing;
  makeFolder(dirname(target));
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}`);
  try {
    const counts = await writeSplits(temporary, limit);
    return publish(temporary, target, limit) ?? counts;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function writeSplits(folder: string, limit: number | undefined): Promise<DigitCounts> {
  const { train, valid, test } = splitDigits(limit);
  const labelled = ({ label, index }: Digit): string =>
    `${label}_${String(index).padStart(4, '0')}.jpg`;
  await writeImages(join(folder, 'train'), train, labelled);
  await writeImages(join(folder, 'valid'), valid, labelled);
  await writeImages(
    join(folder, 'test'),
    test,
    (_, place) => `${String(place).padStart(4, '0')}.jpg`,
  );
  const rows = test.map(({ label }, place) => `${String(place).padStart(4, '0')},${label}`);
  writeText(join(folder, TRUTH), `${['Id,Category', ...rows].join('\n')}\n`);
  const counts = { train: train.length, valid: valid.length, test: test.length };
  writeText(
    join(folder, MARKER),
    `${JSON.stringify({ version: 1, limit: limit ?? null, ...counts })}\n`,
  );
  return counts;
}

async function writeImages(
  folder: string,
  digits: readonly Digit[],
  nameOf: (digit: Digit, place: number) => string,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const queue = digits.entries();
  const work = async (): Promise<void> => {
    for (const [place, digit] of queue) {
      const raw = { width: DIGIT_SIDE, height: DIGIT_SIDE, channels: 1 } as const;
      const image = sharp(digit.pixels, { raw }).jpeg({ quality: JPEG_QUALITY });
      writeFileSync(join(folder, nameOf(digit, place)), await image.toBuffer());
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
}

/** @returns the counts of a set that another process published first. */
function publish(
  temporary: string,
  target: string,
  limit: number | undefined,
): DigitCounts | undefined {
  try {
    renameSync(temporary, target);
    return undefined;
  } catch (error) {
    if (systemCode(error) !== 'ENOTEMPTY' && systemCode(error) !== 'EEXIST') throw error;
    const winner = readMarker(target, limit);
    if (winner !== undefined) return winner;
    throw new ConfigurationError(
      `${target} is not empty and holds no digits: choose another folder`,
      {
        cause: error,
      },
    );
  }
}

function readMarker(folder: string, limit: number | undefined): DigitCounts | undefined {
  const path = join(folder, MARKER);
  if (!existsSync(path)) return undefined;
  const marker = JSON.parse(readFileSync(path, 'utf8')) as DigitCounts & { limit: number | null };
  if (marker.limit === (limit ?? null)) {
    return { train: marker.train, valid: marker.valid, test: marker.test };
  }
  throw new ConfigurationError(
    `${folder} holds digits with ${marker.limit === null ? 'no limit' : `--limit ${marker.limit}`}: ` +
      'remove it, or choose another folder',
  );
}
