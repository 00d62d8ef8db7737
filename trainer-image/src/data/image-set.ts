import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Up to this size a split's pixels stay in memory; larger ones are read per batch. */
const MAX_RESIDENT_BYTES = 256 * 1024 * 1024;

/** The decoded images of one split: pixels by index, labels beside them. */
export class ImageSet {
  readonly labels: Int32Array;
  readonly side: number;
  readonly #imageBytes: number;
  readonly #resident: Uint8Array | undefined;
  readonly #file: number | undefined;

  constructor(path: string, labels: Int32Array, side: number) {
    this.labels = labels;
    this.side = side;
    this.#imageBytes = side * side * 3;
    const isSmall = labels.length * this.#imageBytes <= MAX_RESIDENT_BYTES;
    this.#resident = isSmall ? readFileSync(path) : undefined;
    // The system's page cache serves the rest, once for all trials of a machine.
    this.#file = isSmall ? undefined : openSync(path, 'r');
  }

  get length(): number {
    return this.labels.length;
  }

  /** The pixels of the images `indices`, in that order, in memory of their own. */
  pixels(indices: Uint32Array): Uint8Array {
    const size = this.#imageBytes;
    const batch = new Uint8Array(indices.length * size);
    for (const [place, index] of indices.entries()) {
      if (this.#resident !== undefined) {
        batch.set(this.#resident.subarray(index * size, (index + 1) * size), place * size);
      } else if (this.#file !== undefined) {
        readFully(this.#file, batch.subarray(place * size, (place + 1) * size), index * size);
      }
    }
    return batch;
  }

  labelsOf(indices: Uint32Array): Int32Array {
    return Int32Array.from(indices, (index) => this.labels[index] ?? -1);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}

function readFully(file: number, target: Uint8Array, position: number): void {
  let done = 0;
  while (done < target.length) {
    const count = readSync(file, target, done, target.length - done, position + done);
    if (count === 0) throw new Error('the pixel cache ends too early');
    done += count;
  }
}
