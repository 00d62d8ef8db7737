import {
  createWriteStream,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  ARTIFACT,
  type AttemptAddress,
  encodePoint,
  isArtifactPath,
  MAX_ARTIFACT_BYTES,
  MAX_EXTRA_FILES,
  type Manifest,
  type ManifestFile,
  type Point,
  pointsSegment,
  type TrainerTask,
} from '@espalier/api';
import { digestOf, openAttemptFile } from './attempt-file.ts';
import { BestCheckpoint } from './best-checkpoint.ts';
import { findManifest, readManifest } from './find-manifest.ts';
import { MetricsTable } from './metrics-table.ts';
import { reportPoints } from './report-points.ts';
import { messageOf, type Say } from './say.ts';

export interface ComposeOptions {
  readonly folder: string;
  readonly reportFile: string;
  readonly task: TrainerTask;
  readonly address: AttemptAddress;
  readonly say: Say;
}

/**
 * Ends the folder of a trainer that has ended without a `manifest.json`: writes the points of its report
 * and, if it wrote none, `metrics.csv`, and then the manifest of all files that an attempt may have.
 * How the trainer ended it does not say, since nobody told it.
 */
export async function composeManifest(options: ComposeOptions): Promise<void> {
  const { folder, address, say } = options;
  const newest = findManifest(folder);
  if (newest === ARTIFACT.manifest) return;
  let before: Manifest | undefined;
  try {
    if (newest !== undefined) before = (await readManifest(folder, newest, address)).manifest;
  } catch (error) {
    say(messageOf(error));
  }
  const facts = await writeRecord(options, before);
  const files = await listFiles(options, before);
  const manifest: Manifest = { ...facts, files };
  const temporary = join(folder, '.manifest.new');
  // The folder is the trainer's: whatever has our name there is removed, and no link is followed.
  rmSync(temporary, { recursive: true, force: true });
  writeFileSync(temporary, `${JSON.stringify(manifest, undefined, 1)}\n`, { flag: 'wx' });
  renameSync(temporary, join(folder, ARTIFACT.manifest));
  say(`the trainer left no ${ARTIFACT.manifest}: wrote one of ${files.length} files`);
}

/** Writes what the report says into files of the record, and tells what the manifest says beside them. */
async function writeRecord(
  { folder, reportFile, task, address: { trialUid, attempt } }: ComposeOptions,
  before: Manifest | undefined,
): Promise<Omit<Manifest, 'files'>> {
  const table = new MetricsTable();
  const best = new BestCheckpoint(folder, task.objective);
  let first: Point | undefined;
  let last: Point | undefined;
  const segment = join(folder, '.points.new');
  const lines = async function* () {
    for await (const point of reportPoints(reportFile)) {
      first ??= point;
      last = point;
      table.add(point);
      best.add(point);
      yield `${encodePoint(point)}\n`;
    }
  };
  rmSync(segment, { recursive: true, force: true });
  await pipeline(Readable.from(lines()), createWriteStream(segment, { flags: 'wx' }));
  const hasPoints = readdirSync(folder).some((name) => /^points-\d+\.jsonl$/.test(name));
  if (first === undefined || hasPoints) rmSync(segment);
  else renameSync(segment, join(folder, pointsSegment(first.seq)));
  if (!table.isEmpty && !existsSync(join(folder, ARTIFACT.metricsCsv))) {
    writeFileSync(join(folder, ARTIFACT.metricsCsv), table.toString(), { flag: 'wx' });
  }
  return {
    version: 1,
    trialUid,
    attempt,
    step: last?.step ?? before?.step ?? 0,
    epoch: last?.epoch ?? before?.epoch ?? 0,
    best: before?.best ?? best.found ?? null,
    resume: before?.resume ?? null,
  };
}

/** Of the files of checkpoints those that the last manifest lists, if there is one; of the others all. */
async function listFiles(
  { folder, say }: ComposeOptions,
  before: Manifest | undefined,
): Promise<ManifestFile[]> {
  const listed = new Map(before?.files.map((file) => [file.path, file]));
  const files: ManifestFile[] = [];
  let extra = 0;
  for (const path of artifactPaths(folder)) {
    if (before !== undefined && path.startsWith('checkpoint-') && !listed.has(path)) continue;
    if (path.startsWith('extra/') && ++extra > MAX_EXTRA_FILES) {
      say(`${path} is left out: more than ${MAX_EXTRA_FILES} files below extra/`);
      continue;
    }
    try {
      const digest = await digestAt(folder, path);
      const known = listed.get(path);
      if (digest.size > MAX_ARTIFACT_BYTES) throw new Error('it is too large');
      if (known !== undefined && known.sha256 !== digest.sha256) {
        throw new Error('it was changed after an earlier manifest had listed it');
      }
      files.push({ path, ...digest });
    } catch (error) {
      say(`${path} is left out: ${messageOf(error)}`);
    }
  }
  return files;
}

async function digestAt(folder: string, path: string): ReturnType<typeof digestOf> {
  const file = await openAttemptFile(folder, path);
  try {
    return await digestOf(file);
  } finally {
    await file.close();
  }
}

function artifactPaths(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .filter((path) => isArtifactPath(path) && !path.startsWith('manifest'))
    .sort();
}
