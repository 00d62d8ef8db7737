import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { DRAWN_EXTRA, type Experiment, type Manifest, type Trial } from '@espalier/api';
import { isOnCluster } from '../cluster.ts';
import type { ArtifactSource } from '../download/artifact-source.ts';
import { bestFolder, openSource } from '../download/open-source.ts';
import { messageOf, notFound } from '../failure.ts';
import type { Location } from '../location.ts';
import { formatBytes } from '../render/number.ts';
import { printable } from '../render/printable.ts';
import type { Surroundings } from '../surroundings.ts';
import type { StoreFlags } from '../transfer/store-options.ts';
import { type ClassMap, parseClassMap } from './class-map.ts';
import { type Confusion, parseConfusion } from './confusion.ts';
import { MalformedTable } from './csv-rows.ts';

export interface ExtrasOptions extends Location, StoreFlags {
  /** A folder that holds files of these names as well; those count first. */
  readonly visuals?: string;
}

/** What a trainer has left of its best model to look at. */
export interface Extras {
  readonly confusion?: Confusion;
  readonly classMap?: ClassMap;
  /** Why something is missing that may be there. */
  readonly notes: readonly string[];
}

/** Of one file. */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * Reads what the contract lets a trainer leave for a report. What is not there, not to be read or not in
 * order is told in the notes.
 *
 * @throws {Failure} if `visuals` is no folder; the reason of the signal when that aborts.
 */
export async function readExtras(
  surroundings: Surroundings,
  { experiment, trials }: { readonly experiment: Experiment; readonly trials: readonly Trial[] },
  options: ExtrasOptions,
  signal: AbortSignal,
): Promise<Extras> {
  const notes: string[] = [];
  const texts = new Map<string, string>();
  const { visuals } = options;
  if (visuals !== undefined) await readFolder(resolve(surroundings.cwd, visuals), texts, notes);
  if (texts.size < Object.keys(DRAWN_EXTRA).length) {
    try {
      await readBest(surroundings, { experiment, trials }, options, { texts, notes, signal });
    } catch (error) {
      signal.throwIfAborted();
      notes.push(`The files of the best model cannot be read: ${shortMessage(error)}`);
    }
  }
  const parsed = <T>(path: string, parse: (text: string) => T): T | undefined => {
    const text = texts.get(path);
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof MalformedTable)) throw error;
      notes.push(`${path} is not drawn: ${printable(error.message)}`);
      return undefined;
    }
  };
  const confusion = parsed(DRAWN_EXTRA.confusionCsv, parseConfusion);
  const classMap = parsed(DRAWN_EXTRA.tsneCsv, parseClassMap);
  return {
    ...(confusion === undefined ? {} : { confusion }),
    ...(classMap === undefined ? {} : { classMap }),
    notes,
  };
}

async function readFolder(folder: string, texts: Map<string, string>, notes: string[]) {
  const stats = await stat(folder).catch(() => undefined);
  if (stats?.isDirectory() !== true) throw notFound(`there is no folder ${printable(folder)}`);
  for (const path of Object.values(DRAWN_EXTRA)) {
    const file = join(folder, basename(path));
    const size = (await stat(file).catch(() => undefined))?.size;
    if (size === undefined) continue;
    if (size > MOST_BYTES) notes.push(tooLarge(file, size));
    else texts.set(path, await readFile(file, 'utf8'));
  }
}

async function readBest(
  surroundings: Surroundings,
  { experiment, trials }: { readonly experiment: Experiment; readonly trials: readonly Trial[] },
  options: ExtrasOptions,
  found: {
    readonly texts: Map<string, string>;
    readonly notes: string[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { texts, notes, signal } = found;
  const best = experiment.status?.best?.trial;
  if (best === undefined) return;
  const trial = trials.find(({ metadata }) => metadata.name === best);
  const folder = bestFolder(experiment, trial);
  // What a cluster says of files of this machine is nothing to follow.
  if (folder === undefined || (isOnCluster(options) && folder.uri.startsWith('file:'))) {
    notes.push(`${printable(best)} has left no files that are known to be whole.`);
    return;
  }
  const { readManifest } = await import('@espalier/controller/local');
  const source = await openSource(surroundings, folder, options);
  try {
    const manifest = await source.manifest(signal);
    if (manifest === undefined) return;
    const { files } = readManifest(manifest.text, folder);
    for (const path of Object.values(DRAWN_EXTRA)) {
      const file = files.find((each) => each.path === path);
      if (file === undefined || texts.has(path)) continue;
      if (file.size > MOST_BYTES) notes.push(tooLarge(source.nameOf(path), file.size));
      else texts.set(path, await readWhole(source, file, signal));
    }
  } finally {
    source.close();
  }
}

/** @throws {Error} if it is not what the manifest lists. */
async function readWhole(
  source: ArtifactSource,
  { path, size, sha256 }: Manifest['files'][number],
  signal: AbortSignal,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of (await source.read(path, 0, signal)) ?? []) {
    bytes += chunk.length;
    if (bytes > size) break;
    chunks.push(chunk);
  }
  const content = Buffer.concat(chunks);
  if (createHash('sha256').update(content).digest('hex') === sha256)
    return content.toString('utf8');
  throw new Error(`${source.nameOf(path)} is not what the manifest lists`);
}

function tooLarge(name: string, size: number): string {
  return `${printable(name)} is not drawn: it has ${formatBytes(size)}, and at most ${formatBytes(MOST_BYTES)} are read.`;
}

function shortMessage(error: unknown): string {
  return printable(messageOf(error).slice(0, 300));
}
