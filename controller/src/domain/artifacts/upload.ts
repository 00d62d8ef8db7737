import { isArtifactPath, MAX_EXTRA_FILES } from '@espalier/api';

/** Far more than a long run with a checkpoint per epoch has; bounds what is remembered of it. */
const MAX_FILES = 50_000;

/** Bytes by path, of what one attempt has stored or may still store. */
export class GrantedFiles {
  readonly #sizes = new Map<string, number>();
  #bytes = 0;
  #extras = 0;

  get count(): number {
    return this.#sizes.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many lie under `extra/`. */
  get extras(): number {
    return this.#extras;
  }

  /** Undefined = that path was never granted. */
  sizeOf(path: string): number | undefined {
    return this.#sizes.get(path);
  }

  /**
   * Asking again for a path costs nothing more: a key is written once, so of several URLs for it at
   * most one is used, and the largest is what counts.
   */
  add(path: string, size: number): void {
    const before = this.#sizes.get(path);
    if (before === undefined && isExtra(path)) this.#extras += 1;
    if (before !== undefined && before >= size) return;
    this.#sizes.set(path, size);
    this.#bytes += size - (before ?? 0);
  }
}

export type UploadRefusal = 'InvalidPath' | 'TooManyExtraFiles' | 'TooManyFiles' | 'QuotaExceeded';

/** Why an attempt may not store this file beside what it was granted; undefined = it may. */
export function refuseUpload(
  granted: Omit<GrantedFiles, 'add'>,
  { path, size }: { readonly path: string; readonly size: number },
  quotaBytes: number,
): UploadRefusal | undefined {
  if (!isArtifactPath(path)) return 'InvalidPath';
  const before = granted.sizeOf(path);
  if (before === undefined) {
    if (granted.count >= MAX_FILES) return 'TooManyFiles';
    if (isExtra(path) && granted.extras >= MAX_EXTRA_FILES) return 'TooManyExtraFiles';
  }
  const more = Math.max(0, size - (before ?? 0));
  return granted.bytes + more > quotaBytes ? 'QuotaExceeded' : undefined;
}

function isExtra(path: string): boolean {
  return path.startsWith('extra/');
}
