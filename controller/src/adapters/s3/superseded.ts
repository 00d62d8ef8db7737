import { ARTIFACT, checkpointManifest } from '@espalier/api';
import type { ArtifactKeys, AttemptPlace } from '../../domain/artifacts/keys.ts';
import {
  checkpointStep,
  MAX_MANIFEST_BYTES,
  readManifest,
} from '../../domain/artifacts/manifest.ts';
import { isSuperseded } from '../../domain/artifacts/superseded.ts';
import type { Call } from '../../ports/cluster.ts';
import type { ObjectStore } from './object-store.ts';

interface StoredFile {
  readonly key: string;
  readonly attempt: number;
  readonly path: string;
  readonly size: number;
}

/** Deletes take as many keys at most. */
const DELETE_AT_ONCE = 1_000;
/** Far more than are ever incomplete; a trainer that writes thousands keeps nobody else waiting. */
const MAX_LOOKED_AT = 100;

/**
 * Deletes what the newest complete manifest of an attempt makes superfluous, in it and in earlier
 * attempts of its Trial, and tells how many files those were; nothing without such a manifest.
 *
 * A checkpoint from which another Trial is to start stays with all that its manifest lists.
 *
 * Complete is what lists files that are all there with their sizes: their digests were checked when they
 * were put, by URLs that allowed no other content. The manifests go first, so that none that is left
 * lists a file that is gone.
 */
export async function dropSuperseded(
  store: ObjectStore,
  keys: ArtifactKeys,
  place: AttemptPlace,
  steps: ReadonlySet<number>,
  call: Call,
): Promise<number> {
  const files: StoredFile[] = [];
  for await (const page of store.list(keys.trialRoot(place), call)) {
    for (const { key, size } of page) {
      const meaning = keys.parse(key);
      if (meaning?.kind !== 'attempt-file') continue;
      files.push({ key, attempt: meaning.place.attempt, path: meaning.path, size });
    }
  }
  const newest = await findComplete(store, keys, place, files, call);
  if (newest === undefined) return 0;
  const { manifest, name, listed } = newest;
  const kept = await keysOfCheckpoints(store, keys, place, files, steps, call);
  const superseded = files.filter((file) => {
    return !kept.has(file.key) && isSuperseded(file, manifest, name, listed);
  });
  const isManifest = ({ path }: StoredFile) => checkpointStep(path) !== undefined;
  const ordered = [superseded.filter(isManifest), superseded.filter((file) => !isManifest(file))];
  for (const some of ordered) {
    for (let from = 0; from < some.length; from += DELETE_AT_ONCE) {
      const chosen = some.slice(from, from + DELETE_AT_ONCE).map(({ key }) => key);
      await store.delete(chosen, call);
    }
  }
  return superseded.length;
}

/** Everything that belongs to the checkpoints of those steps, in whichever attempt they are. */
async function keysOfCheckpoints(
  store: ObjectStore,
  keys: ArtifactKeys,
  trial: AttemptPlace,
  files: readonly StoredFile[],
  steps: ReadonlySet<number>,
  call: Call,
): Promise<ReadonlySet<string>> {
  const kept = new Set<string>();
  for (const { key, attempt, path } of files) {
    const step = checkpointStep(path);
    if (step === undefined || !steps.has(step)) continue;
    kept.add(key);
    const found = await store.get(key, MAX_MANIFEST_BYTES, call);
    const place = { ...trial, attempt };
    for (const listed of found === undefined ? [] : pathsIn(found.body.toString('utf8'), place)) {
      kept.add(keys.attemptFile(place, listed));
    }
  }
  return kept;
}

function pathsIn(text: string, place: AttemptPlace): readonly string[] {
  try {
    return readManifest(text, place).files.map(({ path }) => path);
  } catch {
    // Whatever a trainer wrote there: nobody can start from it.
    return [];
  }
}

async function findComplete(
  store: ObjectStore,
  keys: ArtifactKeys,
  place: AttemptPlace,
  files: readonly StoredFile[],
  call: Call,
) {
  const own = files.filter(({ attempt }) => attempt === place.attempt);
  const sizes = new Map(own.map(({ path, size }) => [path, size]));
  const steps = own.map(({ path }) => checkpointStep(path)).filter((step) => step !== undefined);
  const names = [
    ...(sizes.has(ARTIFACT.manifest) ? [ARTIFACT.manifest] : []),
    ...steps.sort((a, b) => b - a).map(checkpointManifest),
  ];
  for (const name of names.slice(0, MAX_LOOKED_AT)) {
    if ((sizes.get(name) ?? 0) > MAX_MANIFEST_BYTES) continue;
    const found = await store.get(keys.attemptFile(place, name), MAX_MANIFEST_BYTES, call);
    if (found === undefined) continue;
    try {
      const manifest = readManifest(found.body.toString('utf8'), place);
      if (!manifest.files.every(({ path, size }) => sizes.get(path) === size)) continue;
      return { name, manifest, listed: new Set(manifest.files.map(({ path }) => path)) };
    } catch {
      // Whatever a trainer wrote there: it proves nothing, so it makes nothing superfluous.
    }
  }
  return undefined;
}
