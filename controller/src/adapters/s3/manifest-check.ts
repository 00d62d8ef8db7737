import type { ManifestFile } from '@espalier/api';
import type { ArtifactKeys, AttemptPlace } from '../../domain/artifacts/keys.ts';
import {
  MAX_MANIFEST_BYTES,
  type ManifestCheck,
  readManifest,
} from '../../domain/artifacts/manifest.ts';
import type { Call } from '../../ports/cluster.ts';
import { hashObject } from './object-body.ts';
import type { ObjectStore } from './object-store.ts';

const PARALLEL_HEADS = 8;

/**
 * Whether an attempt's manifest and every object it lists are there as they were committed, by their
 * sizes and the digests that the store checked when they were put, or else by their bytes. Whatever a trainer wrote makes it
 * `damaged` at worst; a store that does not answer is an error.
 */
export async function checkManifest(
  store: ObjectStore,
  keys: ArtifactKeys,
  place: AttemptPlace,
  name: string,
  call: Call,
): Promise<ManifestCheck> {
  const key = keys.attemptFile(place, name);
  const head = await store.head(key, call);
  if (head !== undefined && head.size > MAX_MANIFEST_BYTES) {
    return { kind: 'damaged', message: `${name}: it is too large: ${head.size} bytes` };
  }
  // Asked even if HEAD found nothing: only an answer with a body tells a missing bucket from a key.
  const found = await store.get(key, MAX_MANIFEST_BYTES, call);
  if (found === undefined) return { kind: 'none' };
  let manifest: ReturnType<typeof readManifest>;
  try {
    manifest = readManifest(found.body.toString('utf8'), place);
  } catch (error) {
    return { kind: 'damaged', message: `${name}: ${oneLine(error)}` };
  }
  for (let from = 0; from < manifest.files.length; from += PARALLEL_HEADS) {
    const some = manifest.files.slice(from, from + PARALLEL_HEADS);
    const problems = await Promise.all(
      some.map((file) => checkFile(store, keys.attemptFile(place, file.path), file, call)),
    );
    const message = problems.find((problem) => problem !== undefined);
    if (message !== undefined) return { kind: 'damaged', message };
  }
  return { kind: 'whole', manifest };
}

async function checkFile(
  store: ObjectStore,
  key: string,
  { path, size, sha256 }: ManifestFile,
  call: Call,
): Promise<string | undefined> {
  const head = await store.head(key, call);
  if (head === undefined) return `${path}: it is missing`;
  if (head.size !== size) return `${path}: it has ${head.size} bytes, not ${size}`;
  // A store that keeps no digest, or only one of the parts: then the bytes themselves tell.
  const found = head.sha256 ?? (await hashObject(store, key, size, call));
  return found === sha256 ? undefined : `${path}: its content differs from its sha256`;
}

function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, 300);
}
