import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Manifest, ManifestFile } from '@espalier/api';
import {
  MAX_MANIFEST_BYTES,
  type ManifestCheck,
  readManifest,
} from '../../domain/artifacts/manifest.ts';
import type { Call } from '../../ports/cluster.ts';
import { describeProblem } from './damaged.ts';
import { errorCode } from './durable-file.ts';

const HASH_CHUNK_BYTES = 2 ** 18;

/**
 * Whether an attempt's manifest and every file it lists are there as they were committed. Hostile
 * content makes it `damaged`, whatever it is: the schema refuses paths that leave the folder, and no
 * link is followed.
 */
export async function checkManifest(
  folder: string,
  name: string,
  owner: { readonly trialUid: string; readonly attempt: number },
  call: Call,
): Promise<ManifestCheck> {
  let manifest: Manifest;
  try {
    manifest = readManifest(await readSmallFile(join(folder, name)), owner);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { kind: 'none' };
    return { kind: 'damaged', message: `${name}: ${describeProblem(error)}` };
  }
  for (const file of manifest.files) {
    call.signal.throwIfAborted();
    const problem = await checkFile(folder, file, call);
    if (problem !== undefined) return { kind: 'damaged', message: `${file.path}: ${problem}` };
  }
  return { kind: 'whole', manifest };
}

async function checkFile(
  folder: string,
  expected: ManifestFile,
  call: Call,
): Promise<string | undefined> {
  const path = join(folder, expected.path);
  let file: FileHandle;
  try {
    if (!(await lstat(dirname(path))).isDirectory()) return 'its folder is a link';
    file = await openPlainFile(path);
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? 'it is missing' : describeProblem(error);
  }
  try {
    const { size } = await file.stat();
    if (size !== expected.size) return `it has ${size} bytes, not ${expected.size}`;
    const digest = await sha256(file, call);
    return digest === expected.sha256 ? undefined : 'its content differs from its sha256';
  } finally {
    await file.close();
  }
}

/** In small chunks, so that hashing hundreds of megabytes delays nobody. */
async function sha256(file: FileHandle, call: Call): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(HASH_CHUNK_BYTES);
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) return hash.digest('hex');
    call.signal.throwIfAborted();
    hash.update(chunk.subarray(0, bytesRead));
    position += bytesRead;
  }
}

async function readSmallFile(path: string): Promise<string> {
  const file = await openPlainFile(path);
  try {
    const { size } = await file.stat();
    if (size > MAX_MANIFEST_BYTES) throw new Error(`it is too large: ${size} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function openPlainFile(path: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error('it is no file');
}
