import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import {
  type AttemptAddress,
  type Manifest,
  type ManifestFile,
  manifestSchema,
  newestManifest,
} from '@espalier/api';
import { openAttemptFile } from './attempt-file.ts';
import { messageOf, systemCode } from './say.ts';

/** The newest manifest of an attempt's folder, read whole. */
export interface FoundManifest {
  readonly manifest: Manifest;
  /** The manifest itself as a file to store. */
  readonly file: ManifestFile;
  readonly bytes: Buffer;
}

const MAX_MANIFEST_BYTES = 4 * 2 ** 20;

/** The name of the newest manifest in `folder`; undefined if there is none, or no folder yet. */
export function findManifest(folder: string): string | undefined {
  try {
    return newestManifest(readdirSync(folder));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Reads a manifest of the attempt.
 *
 * @throws {Error} saying what is wrong with it; with the code `ENOENT` if it was superseded meanwhile.
 */
export async function readManifest(
  folder: string,
  name: string,
  owner: AttemptAddress,
): Promise<FoundManifest> {
  const file = await openAttemptFile(folder, name);
  let bytes: Buffer;
  try {
    const { size } = await file.stat();
    if (size > MAX_MANIFEST_BYTES) throw new Error(`${name} is larger than any manifest may be`);
    bytes = await file.readFile();
  } finally {
    await file.close();
  }
  let manifest: Manifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    throw new Error(`${name} is not a manifest: ${messageOf(error)}`, { cause: error });
  }
  if (manifest.trialUid !== owner.trialUid || manifest.attempt !== owner.attempt) {
    throw new Error(`${name} is of another trial or attempt`);
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { manifest, file: { path: name, size: bytes.length, sha256 }, bytes };
}
