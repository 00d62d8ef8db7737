import { createHash } from 'node:crypto';
import type { RemoteStore, StoredPart } from '@espalier/controller/remote';
import { DATA_MARK, NO_UPLOAD } from '@espalier/controller/remote';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { printable } from '../render/printable.ts';
import type { DataSet } from './data-set.ts';
import { decidePush, type PushDecision, type Stored } from './push-decision.ts';
import { changed, type TarArchive } from './tar-archive.ts';

const MARK_BYTES = 1024;
/** Parts that are in memory at once are together no larger, unless a single one is. */
const WINDOW_BYTES = 256 * 2 ** 20;
const MOST_AT_ONCE = 4;

/** Told about what a user may want to see. */
export interface PushListener {
  /** Bytes that the store has now, those of an earlier push included. */
  stored(bytes: number): void;
  notice(text: string): void;
}

interface Push {
  readonly store: RemoteStore;
  readonly key: string;
  readonly archive: TarArchive;
  readonly data: DataSet;
  readonly listener: PushListener;
  readonly signal: AbortSignal;
}

/** What is under the key, and the mark beside it. */
export async function lookAtKey(
  { objects, large }: RemoteStore,
  key: string,
  signal: AbortSignal,
): Promise<Stored> {
  // First the one whose refusal has a body that says why.
  const mark = await objects.get(`${key}${DATA_MARK}`, MARK_BYTES, { signal });
  const object = await large.head(key, { signal });
  return { object, mark: mark?.body.toString('utf8').trim() };
}

/**
 * Brings a data set under its key and commits it: the object first, checked as it is there, then its
 * mark. Whatever ends the process, the same call goes on with the parts that arrived, if the folder
 * still has the same content.
 *
 * @returns what there was to do.
 * @throws {Failure} if other content is there and `replace` is not set.
 */
export async function pushDataSet(
  push: Push,
  replace: boolean,
): Promise<Exclude<PushDecision['kind'], 'refused'>> {
  const { store, key, data, signal } = push;
  const decision = decidePush(data, await lookAtKey(store, key, signal), replace);
  if (decision.kind === 'refused') throw otherContent(key, decision.isCommitted);
  if (decision.kind === 'done') return decision.kind;
  if (decision.kind === 'upload') {
    const isThere = await (data.parts.length === 1 ? putWhole : putInParts)(push, decision);
    if (!isThere) throw lostTheRace(key);
  }
  await store.objects.put(`${key}${DATA_MARK}`, Buffer.from(`${data.sha256}\n`), undefined, {
    signal,
  });
  // Uploads of the same key that nobody will complete any more would cost storage for ever.
  await removeUnfinished(store, key, signal);
  return decision.kind;
}

/** Removes every upload of the key that was begun and not completed. @returns how many. */
export async function removeUnfinished(
  { large }: RemoteStore,
  key: string,
  signal: AbortSignal,
): Promise<number> {
  const uploads = await large.unfinished(key, { signal });
  for (const id of uploads) await large.abort(key, id, { signal });
  return uploads.length;
}

type Upload = Extract<PushDecision, { kind: 'upload' }>;

async function putWhole(push: Push, { isNew, dropMark }: Upload): Promise<boolean> {
  const { store, key, archive, data, listener, signal } = push;
  const body = await readPart(archive, data, 0);
  if (dropMark) await store.objects.delete([`${key}${DATA_MARK}`], { signal });
  const condition = isNew ? ({ kind: 'absent' } as const) : undefined;
  await store.objects.put(key, body, condition, { signal });
  listener.stored(body.length);
  return isOurs(push);
}

async function putInParts(push: Push, { isNew, dropMark }: Upload): Promise<boolean> {
  const { store, key, signal } = push;
  const { id, parts } = await openUpload(push);
  // Gone: another push of the same content may have completed it.
  if ((await uploadMissing(push, id, parts)) === NO_UPLOAD) return isOurs(push);
  // As late as possible: until then the data set that is there stays committed.
  if (dropMark) await store.objects.delete([`${key}${DATA_MARK}`], { signal });
  const inOrder = [...parts.values()].toSorted((a, b) => a.number - b.number);
  await store.large.complete(key, id, inOrder, isNew, { signal });
  // Whatever was answered, or not: what is there decides.
  return isOurs(push);
}

async function isOurs({ store, key, data, signal }: Push): Promise<boolean> {
  const object = await store.large.head(key, { signal });
  const kind = decidePush(data, { object, mark: data.sha256 }, false).kind;
  return kind === 'done';
}

/** The upload to go on with, and the parts of it that are as they should be. */
async function openUpload(push: Push): Promise<{ id: string; parts: Map<number, StoredPart> }> {
  const { store, key, data, listener, signal } = push;
  for (const id of await store.large.unfinished(key, { signal })) {
    const found = await store.large.parts(key, id, { signal });
    if (found === NO_UPLOAD) continue;
    const fits = found.map((part) => partFits(data, part));
    if (fits.includes(false)) {
      listener.notice(`an unfinished upload of ${printable(key)} has other content: removed`);
      await store.large.abort(key, id, { signal });
      continue;
    }
    const whole = found.filter((_part, index) => fits[index] === true);
    if (whole.length > 0) {
      const bytes = whole.reduce((sum, { size }) => sum + size, 0);
      listener.notice(`going on: ${whole.length} of ${data.parts.length} parts are there`);
      listener.stored(bytes);
    }
    return { id, parts: new Map(whole.map((part) => [part.number, part])) };
  }
  return { id: await store.large.begin(key, { signal }), parts: new Map() };
}

/** Undefined: the store keeps no digest, so the part is sent again. */
function partFits(data: DataSet, { number, size, sha256 }: StoredPart): boolean | undefined {
  const wanted = data.parts[number - 1];
  if (wanted === undefined || size !== partRange(data, number - 1).bytes) return false;
  return sha256 === undefined ? undefined : sha256 === wanted;
}

async function uploadMissing(
  push: Push,
  id: string,
  parts: Map<number, StoredPart>,
): Promise<typeof NO_UPLOAD | undefined> {
  const { store, key, archive, data, listener } = push;
  const missing = data.parts.flatMap((_digest, index) => (parts.has(index + 1) ? [] : [index]));
  const end = new AbortController();
  const signal = AbortSignal.any([push.signal, end.signal]);
  const work = async (): Promise<typeof NO_UPLOAD | undefined> => {
    for (let index = missing.shift(); index !== undefined; index = missing.shift()) {
      signal.throwIfAborted();
      const body = await readPart(archive, data, index);
      const part = await store.large.putPart(key, id, index + 1, body, { signal });
      if (part === NO_UPLOAD) return NO_UPLOAD;
      parts.set(part.number, part);
      listener.stored(part.size);
    }
    return undefined;
  };
  const fitting = Math.floor(WINDOW_BYTES / data.partBytes);
  const atOnce = Math.min(MOST_AT_ONCE, Math.max(1, fitting), missing.length);
  const workers = Array.from({ length: atOnce }, async () => {
    try {
      return await work();
    } catch (error) {
      end.abort(error);
      throw error;
    }
  });
  const ends = await Promise.allSettled(workers);
  if (end.signal.aborted) {
    if (await isGone(push, id)) return NO_UPLOAD;
    // The first failure ended the others; its reason is the one to tell.
    throw end.signal.reason;
  }
  return ends.some((one) => one.status === 'fulfilled' && one.value === NO_UPLOAD)
    ? NO_UPLOAD
    : undefined;
}

/**
 * Whether the upload was removed. A store that refuses a part while it is being sent may cut the
 * connection, and then only a failure of the network is seen.
 */
async function isGone({ store, key, signal }: Push, id: string): Promise<boolean> {
  try {
    return (await store.large.parts(key, id, { signal })) === NO_UPLOAD;
  } catch {
    return false;
  }
}

async function readPart(archive: TarArchive, data: DataSet, index: number): Promise<Buffer> {
  const { start, bytes } = partRange(data, index);
  const body = await archive.read(start, start + bytes);
  const digest = createHash('sha256').update(body).digest('base64');
  // Also where the time of the file says nothing, such as a write through a mapping.
  if (digest !== data.parts[index]) throw changed('the folder');
  return body;
}

function partRange({ size, partBytes }: DataSet, index: number): { start: number; bytes: number } {
  const start = index * partBytes;
  return { start, bytes: Math.min(partBytes, size - start) };
}

function otherContent(key: string, isCommitted: boolean): Failure {
  const what = isCommitted ? 'another data set' : 'an object that no push committed';
  return new Failure(`${printable(key)}: there is ${what} with other content`, {
    exitCode: EXIT.refused,
    hints: [
      'experiments that use that key would train on other data from one attempt to the next:',
      'give the new content a key of its own, such as --key digits-2.tar',
      'or, if nothing uses it, overwrite it with --replace',
    ],
  });
}

function lostTheRace(key: string): Failure {
  return new Failure(`${printable(key)}: the upload was removed, or other content was put there`, {
    exitCode: EXIT.refused,
    hints: ['somebody pushed the same key at the same time; run the command again to see'],
  });
}
