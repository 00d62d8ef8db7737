import assert from 'node:assert/strict';
import {
  type Experiment,
  manifestSchema,
  newestManifest,
  type Point,
  pointSchema,
  type Trial,
} from '@espalier/api';
import { ObjectStore } from '../../controller/src/adapters/s3/object-store.ts';
import type { StoreOptions } from '../../controller/src/adapters/s3/store-client.ts';
import { ArtifactKeys } from '../../controller/src/domain/artifacts/keys.ts';
import { NAMESPACE } from '../integration/chart/helm.ts';
import { type Tally, wrongValues } from '../integration/streams/record.ts';
import type { KubeObject } from '../kit/kube-types.ts';
import { type AttemptOf, storedFile } from '../kit/stored-file.ts';
import type { Kubernetes } from './kubernetes.ts';

const BUCKET = 'espalier';
const CALL = { signal: new AbortController().signal };
const keys = new ArtifactKeys('');

/** The bundled object store, as somebody outside of the cluster reaches it. */
export interface Store {
  readonly objects: ObjectStore;
  /** Of {@link objects}, for what it cannot do. */
  readonly options: StoreOptions;
  /** For the command line. */
  readonly env: Readonly<Record<string, string>>;
}

interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

/** Runs `work` with the store of the release. */
export async function withStore<T>(
  kubernetes: Kubernetes,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const path = `/api/v1/namespaces/${NAMESPACE}/secrets/espalier-store-keys`;
  const { data } = await kubernetes.client.get<Secret>(path);
  const text = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString();
  const credentials = {
    accessKeyId: text('accessKeyId'),
    secretAccessKey: text('secretAccessKey'),
  };
  const place = { namespace: NAMESPACE, service: 'espalier-store', port: 7070 };
  return kubernetes.forwarded(place, async (port) => {
    const endpoint = `http://127.0.0.1:${port}`;
    const region = 'us-east-1';
    const options = { endpoint, bucket: BUCKET, region, pathStyle: true, credentials };
    const objects = new ObjectStore(options);
    const env = {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      ESPALIER_S3_BUCKET: BUCKET,
      ESPALIER_S3_ENDPOINT: endpoint,
      ESPALIER_S3_PATH_STYLE: 'true',
    };
    try {
      return await work({ objects, options, env });
    } finally {
      objects.close();
    }
  });
}

/** Names of all objects of an Experiment, below its folder. */
export async function objectsOf({ objects }: Store, { metadata }: Experiment): Promise<string[]> {
  const { namespace, name, uid } = metadata;
  const root = `${keys.namespaceRoot(namespace)}${name}-${uid}/`;
  const found: string[] = [];
  for await (const page of objects.list(root, CALL)) {
    found.push(...page.map(({ key }) => key.slice(root.length)));
  }
  return found;
}

/** The bytes of a file of an attempt; undefined = it is not there. */
export function fileOf(
  { objects }: Store,
  experiment: Experiment,
  trial: Trial,
  attempt: number,
  path: string,
): Promise<Buffer | undefined> {
  return storedFile(objects, keys, { experiment, trial, attempt }, path);
}

/** What an attempt left in the store. */
interface AttemptRecord {
  /** By `seq`; those of the trial's earlier attempts, too. */
  readonly points: readonly Point[];
  readonly files: number;
  /** Files that its manifest names and that are not there. */
  readonly missing: readonly string[];
}

/**
 * Reads what an attempt's newest manifest lists; undefined = there is none.
 *
 * @param names of all objects of the Experiment, as {@link objectsOf} gives them.
 */
export async function attemptRecord(
  store: Store,
  { experiment, trial, attempt }: AttemptOf,
  names: readonly string[],
): Promise<AttemptRecord | undefined> {
  const folder = new RegExp(`^trials/\\d+-${trial.metadata.uid}/a${attempt}/([^/]+)$`);
  // One that was stopped has those of its checkpoints alone.
  const newest = newestManifest(names.flatMap((name) => folder.exec(name)?.[1] ?? []));
  if (newest === undefined) return undefined;
  const read = (path: string) => fileOf(store, experiment, trial, attempt, path);
  const manifest = manifestSchema.parse(JSON.parse((await read(newest))?.toString() ?? ''));
  const points: Point[] = [];
  const missing: string[] = [];
  let files = 0;
  for (const { path } of manifest.files) {
    // Of the checkpoints only the best one of the Experiment has to stay.
    if (path.startsWith('checkpoint-')) continue;
    const body = await read(path);
    if (body === undefined) missing.push(path);
    else files += 1;
    if (path.startsWith('points-')) points.push(...pointsOf(body?.toString() ?? ''));
  }
  return { points: points.sort((a, b) => a.seq - b.seq), files, missing };
}

/**
 * Compares what the Trials say with the points that their trainers put into the store themselves: those
 * of each Trial's last attempt, which hold those of the earlier ones.
 */
export async function compareWithRecord(
  store: Store,
  experiment: Experiment,
  trials: readonly Trial[],
): Promise<Tally> {
  const wrong: string[] = [];
  let [sent, folded, lost, files] = [0, 0, 0, 0];
  const names = await objectsOf(store, experiment);
  for (const trial of trials) {
    const attempt = trial.status?.attempts.at(-1)?.number ?? 0;
    const record = await attemptRecord(store, { experiment, trial, attempt }, names);
    if (record === undefined) {
      wrong.push(`${trial.metadata.name}: a${attempt} has no manifest`);
      continue;
    }
    const { points, missing } = record;
    files += record.files;
    wrong.push(...missing.map((path) => `${trial.metadata.name}: ${path} is not in the store`));
    const counted = trial.status?.observation?.points ?? 0;
    sent += points.length;
    folded += counted;
    lost += Math.max(0, points.length - counted);
    wrong.push(...wrongValues(trial, points));
    const gap = points.findIndex(({ seq }, place) => seq !== (points[0]?.seq ?? 0) + place);
    if (gap >= 0) wrong.push(`${trial.metadata.name}: after ${gap} points one is missing`);
  }
  assert.ok(trials.length > 0, 'there are no trials');
  return { trials: trials.length, sent, folded, lost, files, wrong };
}

function pointsOf(lines: string): Point[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => pointSchema.parse(JSON.parse(line)));
}
