import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ARTIFACT, type Manifest, type ManifestFile } from '@espalier/api';
import { EXIT } from '../exit-codes.ts';
import { Failure, messageOf, notFound } from '../failure.ts';
import { printable } from '../render/printable.ts';
import type { ArtifactSource } from './artifact-source.ts';
import { type Arriving, TargetFolder } from './target-folder.ts';
import { wantedFiles } from './wanted-files.ts';

/** A file that broke off so often without one more byte in between is given up. */
const TRIES = 5;
const PAUSE_MS = 200;

export interface DownloadListener {
  /** Called once, before the first byte. */
  total(bytes: number, files: number): void;
  /** Bytes that are there now, those of an earlier call included. */
  arrived(bytes: number): void;
}

export interface Download {
  readonly source: ArtifactSource;
  /** Reads and checks the text of the manifest. */
  readonly readManifest: (text: string) => Manifest;
  /** Of the best model, as the status names it. */
  readonly checkpointSha256: string | undefined;
  readonly target: string;
  readonly listener: DownloadListener;
  readonly signal: AbortSignal;
}

/**
 * Brings the files of an attempt into a folder, every byte checked against its manifest, the manifest
 * last. Whatever ends the process, the same call goes on; what is there is not fetched again.
 *
 * @returns the paths of all files, relative to the folder.
 * @throws {Failure} if the store has other bytes than the manifest lists, or a name is taken.
 */
export async function download(request: Download): Promise<readonly string[]> {
  const { source, readManifest, checkpointSha256, listener, signal } = request;
  const found = await source.manifest(signal);
  if (found === undefined) throw notFound(`there is no ${source.nameOf(ARTIFACT.manifest)}`);
  let files: readonly ManifestFile[];
  try {
    files = wantedFiles(readManifest(found.text), checkpointSha256);
  } catch (cause) {
    const why = messageOf(cause);
    throw damaged(`${source.nameOf(found.path)}: ${printable(why.slice(0, 300))}`, cause);
  }
  const listed = new Set(files.map(({ path }) => path));
  const beside = (await source.beside(signal)).filter(({ path }) => !listed.has(path));
  const all = [...files, ...beside];
  listener.total(
    all.reduce((sum, { size }) => sum + size, 0),
    all.length,
  );
  const target = new TargetFolder(request.target);
  await target.open();
  const manifest = fileOf(found.path, found.text);
  // All names before the first byte: a folder that holds something else is not mixed with this.
  const missing: ManifestFile[] = [];
  const isThere = await target.has(manifest);
  for (const file of all) {
    if (await target.has(file)) listener.arrived(file.size);
    else missing.push(file);
  }
  for (const file of missing) await fetchFile(request, target, file);
  // It tells that all it lists is there.
  if (!isThere) await target.write(manifest, Buffer.from(found.text));
  await target.close();
  return [...all.map(({ path }) => path), manifest.path];
}

function fileOf(path: string, text: string): ManifestFile {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { path, size: Buffer.byteLength(text), sha256 };
}

async function fetchFile(
  request: Download,
  target: TargetFolder,
  file: ManifestFile,
): Promise<void> {
  const arriving = await target.begin(file);
  try {
    request.listener.arrived(arriving.size);
    await fetchWhole(request, target, file, arriving);
    await target.finish(arriving, file);
  } finally {
    await arriving.file.close();
  }
}

/** What arrived is kept over the end of the process, unless it turned out to be wrong. */
async function fetchWhole(
  request: Download,
  target: TargetFolder,
  file: ManifestFile,
  arriving: Arriving,
): Promise<void> {
  const { source, listener } = request;
  const isRight = () => arriving.hash.copy().digest('hex') === file.sha256;
  await fetchRest(request, target, file, arriving);
  if (isRight()) return;
  // Once more from the first byte on: a part that was kept may be what is wrong.
  listener.arrived(-arriving.size);
  await target.startAgain(arriving);
  await fetchRest(request, target, file, arriving);
  if (isRight()) return;
  await target.startAgain(arriving);
  throw damaged(`${source.nameOf(file.path)} is not what the manifest lists: its sha256 differs`);
}

async function fetchRest(
  { source, listener, signal }: Download,
  target: TargetFolder,
  { path, size }: ManifestFile,
  arriving: Arriving,
): Promise<void> {
  for (let tried = 0; arriving.size < size; tried++) {
    signal.throwIfAborted();
    const before = arriving.size;
    let cause: unknown;
    const stream = await source.read(path, arriving.size, signal);
    if (stream === undefined) throw damaged(`there is no ${source.nameOf(path)}`);
    try {
      for await (const chunk of stream) {
        if (arriving.size + chunk.length > size) {
          throw damaged(`${source.nameOf(path)} has more than the ${size} bytes that are listed`);
        }
        await target.append(arriving, chunk);
        listener.arrived(chunk.length);
      }
    } catch (error) {
      if (error instanceof Failure) throw error;
      cause = error;
    }
    if (arriving.size > before) tried = 0;
    if (arriving.size === size) return;
    if (tried >= TRIES) {
      const name = source.nameOf(path);
      throw damaged(`${name} breaks off after ${arriving.size} of ${size} bytes`, cause);
    }
    await sleep(PAUSE_MS * 2 ** tried * Math.random(), undefined, { signal });
  }
}

function damaged(message: string, cause?: unknown): Failure {
  return new Failure(message, { exitCode: EXIT.unexpected, cause });
}
