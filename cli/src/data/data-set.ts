import { createHash } from 'node:crypto';
import type { TarArchive } from './tar-archive.ts';

const MIB = 2 ** 20;
const LEAST_PART = 8 * MIB;
/** S3 takes 10,000. */
const MOST_PARTS = 9_000;

/** A data set as it is stored: its bytes are known before the first one is sent. */
export interface DataSet {
  readonly size: number;
  /** Hexadecimal, of the whole archive. */
  readonly sha256: string;
  readonly partBytes: number;
  /** Base64, of each part; a single one is put as a whole. */
  readonly parts: readonly string[];
  /** What the store says of the object if it holds these bytes. */
  readonly checksum: string;
}

/** The size of all parts but the last: it follows from the size alone, so that a push can go on. */
export function partBytesFor(size: number): number {
  return Math.max(LEAST_PART, Math.ceil(size / MOST_PARTS / MIB) * MIB);
}

/** Reads the archive once. */
export async function surveyArchive(
  archive: TarArchive,
  onBytes: (amount: number) => void,
  signal: AbortSignal,
): Promise<DataSet> {
  const { size } = archive;
  const partBytes = partBytesFor(size);
  const whole = createHash('sha256');
  const parts: string[] = [];
  for (let start = 0; start < size; start += partBytes) {
    signal.throwIfAborted();
    const body = await archive.read(start, Math.min(start + partBytes, size));
    whole.update(body);
    parts.push(createHash('sha256').update(body).digest('base64'));
    onBytes(body.length);
  }
  const digest = whole.digest();
  return {
    size,
    sha256: digest.toString('hex'),
    partBytes,
    parts,
    checksum: parts.length === 1 ? digest.toString('base64') : checksumOfParts(parts),
  };
}

/** Base64 of the sha256 of the parts' digests, `-` and their number. */
function checksumOfParts(parts: readonly string[]): string {
  const digests = Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')));
  return `${createHash('sha256').update(digests).digest('base64')}-${parts.length}`;
}
