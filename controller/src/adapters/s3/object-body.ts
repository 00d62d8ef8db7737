import { createHash } from 'node:crypto';
import type { Call } from '../../ports/cluster.ts';
import { EspalierError } from '../../ports/errors.ts';
import type { ObjectStore } from './object-store.ts';

/** A body that stands still for so long has broken off. */
const SILENCE_MS = 30_000;
/** Breaks in a row without a byte in between. */
const MAX_BREAKS = 3;

/**
 * Exactly `size` bytes of an object, piece by piece, in bounded memory and for as long as they take;
 * after a break it goes on where it broke.
 *
 * @throws {EspalierError} if the object is gone or shorter, or breaks again and again.
 */
export async function* readBody(
  store: ObjectStore,
  key: string,
  size: number,
  call: Call,
): AsyncGenerator<Buffer> {
  let from = 0;
  for (let breaks = 0; from < size; ) {
    const silence = new AbortController();
    const signal = AbortSignal.any([call.signal, silence.signal]);
    const body = await store.open(key, from, { signal });
    if (body === undefined) throw new EspalierError('Storage', `${key} is gone`);
    let timer: NodeJS.Timeout | undefined;
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(new Error('the body stands still')), SILENCE_MS);
    };
    let broken: unknown = new Error('the body is shorter than announced');
    try {
      listen();
      for await (const piece of body as AsyncIterable<Buffer>) {
        const wanted = piece.subarray(0, size - from);
        from += wanted.length;
        breaks = 0;
        clearTimeout(timer);
        if (wanted.length > 0) yield wanted;
        if (from >= size) return;
        listen();
      }
    } catch (error) {
      broken = error;
    } finally {
      clearTimeout(timer);
      body.destroy();
    }
    call.signal.throwIfAborted();
    breaks += 1;
    if (breaks >= MAX_BREAKS) {
      throw new EspalierError('Storage', `cannot read ${key}: it broke off at byte ${from}`, {
        cause: broken,
      });
    }
  }
}

/** The sha256 of an object's `size` bytes, hexadecimal, for stores that keep none. */
export async function hashObject(
  store: ObjectStore,
  key: string,
  size: number,
  call: Call,
): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of readBody(store, key, size, call)) hash.update(piece);
  return hash.digest('hex');
}
