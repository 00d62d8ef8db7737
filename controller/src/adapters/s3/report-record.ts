import { createHash } from 'node:crypto';
import {
  MAX_REPORT_LINE_CHARACTERS,
  type Manifest,
  type ManifestFile,
  type Point,
  pointSchema,
} from '@espalier/api';
import type { ArtifactKeys, AttemptPlace } from '../../domain/artifacts/keys.ts';
import { pointSegments } from '../../domain/artifacts/manifest.ts';
import type { Call } from '../../ports/cluster.ts';
import { readBody } from './object-body.ts';
import type { ObjectStore } from './object-store.ts';

/** More than ten million points; whoever writes more than that gets no record read. */
const MAX_RECORD_BYTES = 2 ** 31;
const BATCH_POINTS = 1_000;

/** A segment is not what its manifest says, or holds something else than points. */
export class DamagedRecord extends Error {}

/**
 * The points that a manifest lists, in batches, in bounded memory. Batches come before their segment
 * is verified, so whoever takes them keeps them apart until the end.
 *
 * @throws {DamagedRecord} if a segment differs from its size or sha256, or is no list of points.
 * @throws {EspalierError} if the store cannot be read.
 */
export async function* readRecord(
  store: ObjectStore,
  keys: ArtifactKeys,
  place: AttemptPlace,
  manifest: Manifest,
  call: Call,
): AsyncGenerator<readonly Point[]> {
  const segments = pointSegments(manifest);
  const bytes = segments.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MAX_RECORD_BYTES) throw new DamagedRecord(`its points are ${bytes} bytes`);
  for (const segment of segments) {
    yield* readSegment(store, keys.attemptFile(place, segment.path), segment, call);
  }
}

async function* readSegment(
  store: ObjectStore,
  key: string,
  { path, size, sha256 }: ManifestFile,
  call: Call,
): AsyncGenerator<readonly Point[]> {
  const hash = createHash('sha256');
  const lines = new LineSplitter();
  let batch: Point[] = [];
  for await (const piece of readBody(store, key, size, call)) {
    hash.update(piece);
    for (const line of lines.push(piece, path)) {
      batch.push(parsePoint(line, path));
      if (batch.length < BATCH_POINTS) continue;
      yield batch;
      batch = [];
    }
  }
  for (const line of lines.end()) batch.push(parsePoint(line, path));
  if (batch.length > 0) yield batch;
  if (hash.digest('hex') !== sha256) {
    throw new DamagedRecord(`${path}: its content differs from its sha256`);
  }
}

/** Cuts bytes into lines; holds no more than one line and a piece. */
class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);

  push(piece: Buffer, path: string): string[] {
    const text = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = text.lastIndexOf('\n') + 1;
    this.#rest = Buffer.from(text.subarray(end));
    if (this.#rest.length > MAX_REPORT_LINE_CHARACTERS) {
      throw new DamagedRecord(`${path}: it has a line without an end`);
    }
    return linesOf(text.subarray(0, end));
  }

  end(): string[] {
    return linesOf(this.#rest);
  }
}

function linesOf(text: Buffer): string[] {
  return text
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}

function parsePoint(line: string, path: string): Point {
  try {
    return pointSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new DamagedRecord(`${path}: it holds something else than points`, { cause });
  }
}
