import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type ARTIFACT,
  type Experiment,
  type Manifest,
  manifestSchema,
  type Point,
  podName,
  pointSchema,
  type Trial,
} from '@espalier/api';
import { ArtifactKeys } from '../../../controller/src/domain/artifacts/keys.ts';
import type { Call } from '../../../controller/src/ports/cluster.ts';
import { storedFile } from '../../kit/stored-file.ts';
import { trialsIn } from '../k8s/objects.ts';
import { S3_PREFIX, type StreamsRig } from './rig.ts';

const keys = new ArtifactKeys(S3_PREFIX);
const CALL: Call = { signal: new AbortController().signal };
const METRIC = 'valid_acc';
const MAX_BYTES = 64 * 2 ** 20;

/** What trainers reported and what became of it. */
export interface Tally {
  readonly trials: number;
  /** Points in the trainers' own files. */
  readonly sent: number;
  /** Points that the Trials count. */
  readonly folded: number;
  readonly lost: number;
  /** Files of the trainers, compared byte by byte with the store's. */
  readonly files: number;
  /** In words, whatever is not as the trainers say. */
  readonly wrong: readonly string[];
}

/** A finished attempt's folder in the trainer's own pod. */
export function outFolder(rig: StreamsRig, namespace: string, pod: string): string {
  return rig.node.path(namespace, pod, '/espalier/out');
}

/** The points of a folder's segments, each once, by seq. */
export function pointsIn(folder: string): Point[] {
  const lines = readdirSync(folder)
    .filter((name) => /^points-\d+\.jsonl$/.test(name))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'));
  const points = lines.map((line) => pointSchema.parse(JSON.parse(line)));
  return points.sort((a, b) => a.seq - b.seq);
}

/** The newest manifest in a folder. */
export function manifestIn(folder: string): Manifest | undefined {
  const step = (name: string) => Number(/^manifest-(\d+)\.json$/.exec(name)?.[1] ?? Infinity);
  const [newest] = readdirSync(folder)
    .filter((name) => /^manifest(-\d+)?\.json$/.test(name))
    .sort((a, b) => step(b) - step(a));
  if (newest === undefined) return undefined;
  return manifestSchema.parse(JSON.parse(readFileSync(join(folder, newest), 'utf8')));
}

/** The bytes of a file of an attempt in the store; undefined = it is not there. */
export function stored(
  rig: StreamsRig,
  experiment: Experiment,
  trial: Trial,
  attempt: number,
  path: string,
): Promise<Buffer | undefined> {
  return storedFile(rig.store, keys, { experiment, trial, attempt }, path);
}

/** The bytes of `best.json` or `trials.csv`. */
export async function storedOf(
  rig: StreamsRig,
  { metadata: { namespace, name, uid } }: Experiment,
  file: typeof ARTIFACT.best | typeof ARTIFACT.trialsCsv,
): Promise<Buffer | undefined> {
  return (await rig.store.get(keys.experimentFile({ namespace, name, uid }, file), MAX_BYTES, CALL))
    ?.body;
}

/** Whether the object of a checkpoint's URI is there, with the digest that goes with it. */
export async function isWholeInStore(
  { store }: StreamsRig,
  { uri, sha256 }: { readonly uri: string; readonly sha256: string },
): Promise<boolean> {
  const key = uri.replace(`s3://${store.bucket}/`, '');
  return (await store.head(key, CALL))?.sha256 === sha256;
}

/**
 * Compares the record of an Experiment that has ended with what its trainers wrote themselves: the
 * points of every Trial's last attempt, which hold those of the earlier ones, its value, and each file
 * of the last manifest.
 */
export async function compareWithTrainers(rig: StreamsRig, experiment: Experiment): Promise<Tally> {
  const { namespace } = experiment.metadata;
  const trials = await trialsIn(rig.client, namespace);
  const wrong: string[] = [];
  let [sent, folded, lost, files] = [0, 0, 0, 0];
  for (const trial of trials) {
    const attempt = trial.status?.attempts.at(-1)?.number ?? 0;
    const folder = outFolder(rig, namespace, podName(trial.metadata.name, attempt));
    const points = existsSync(folder) ? pointsIn(folder) : [];
    sent += points.length;
    const counted = trial.status?.observation?.points ?? 0;
    folded += counted;
    lost += Math.max(0, points.length - counted);
    wrong.push(...wrongValues(trial, points));
    // Of the checkpoints only the best one of the Experiment has to stay.
    const isBest = experiment.status?.best?.trial === trial.metadata.name;
    for (const { path } of manifestIn(folder)?.files ?? []) {
      const mayGo = path.startsWith('checkpoint-') && !isBest;
      const kept = await stored(rig, experiment, trial, attempt, path);
      if (kept === undefined) {
        if (!mayGo) wrong.push(`${trial.metadata.name}: ${path} is not in the store`);
        continue;
      }
      files += 1;
      if (!kept.equals(readFileSync(join(folder, path)))) {
        wrong.push(`${trial.metadata.name}: ${path} differs`);
      }
    }
  }
  return { trials: trials.length, sent, folded, lost, files, wrong };
}

/** Prints the tally and fails unless nothing was lost and nothing is wrong. */
export function assertNothingLost(context: TestContext, what: string, tally: Tally): void {
  const { trials, sent, folded, lost, files, wrong } = tally;
  context.diagnostic(
    `${what}: ${trials} trials, sent ${sent}, folded ${folded}, lost ${lost}, ` +
      `${files} files compared, wrong ${wrong.length}`,
  );
  assert.deepEqual(wrong, []);
  assert.equal(lost, 0);
  assert.ok(sent > 0, 'nothing was sent');
}

/** In words, what a Trial says that is not what the points of its trainer say. */
export function wrongValues({ metadata, status }: Trial, points: readonly Point[]): string[] {
  const values = points.filter(({ values }) => Number.isFinite(values[METRIC] ?? Number.NaN));
  const best = values.reduce<Point | undefined>(
    (a, b) => (a !== undefined && (a.values[METRIC] ?? 0) >= (b.values[METRIC] ?? 0) ? a : b),
    undefined,
  );
  const { observation, rungs = [] } = status ?? {};
  const wrong: string[] = [];
  const check = (name: string, got: unknown, want: unknown) => {
    if (got !== want) wrong.push(`${metadata.name}: ${name} is ${got}, the trainer says ${want}`);
  };
  check('value', observation?.value, best?.values[METRIC]);
  check('step of the value', observation?.step, best?.step);
  check('last step', observation?.lastStep, points.at(-1)?.step);
  for (const rung of rungs) {
    const point = points.find(({ epoch, values }) => METRIC in values && epoch >= rung.step);
    check(`value at ${rung.step}`, rung.value, point?.values[METRIC]);
  }
  return wrong;
}
