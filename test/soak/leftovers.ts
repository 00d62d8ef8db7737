import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { createClient } from '../../controller/src/adapters/s3/store-client.ts';
import { TEAM } from '../e2e/experiments.ts';
import type { Kubernetes } from '../e2e/kubernetes.ts';
import { objectsOf, type Store } from '../e2e/store.ts';
import { NAMESPACE } from '../integration/chart/helm.ts';
import type { KubeObject } from '../kit/kube-types.ts';
import type { Ended } from './judge.ts';

/** What there is of an installation when nothing runs and every Experiment of the soak is deleted. */
export interface Leftovers {
  /** `Kind name` of what belonged to trials. */
  readonly objects: readonly string[];
  readonly streams: number;
  readonly consumers: number;
  /** Messages of attempts that ended, which a limit of the stream removes at the latest. */
  readonly messages: number;
  /** Keys of uploads that were begun and neither completed nor removed. */
  readonly uploads: readonly string[];
  /** Files that should have gone with their Experiment. */
  readonly files: readonly string[];
}

/** The monitoring page of NATS, as far as it matters here. */
type JetStreamPage = Pick<Leftovers, 'streams' | 'consumers' | 'messages'>;

const MONITOR_PORT = 8222;

/** `Kind name` of what belongs to trials; the pod of a trial that failed stays with its Experiment. */
export async function objectsOfTrials({ list }: Kubernetes): Promise<string[]> {
  const all = await list<KubeObject>('pods,secrets,experiments,trials', '--namespace', TEAM);
  return all.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

/** @param before what {@link objectsOfTrials} gave before the soak. */
export async function objectsLeft(
  kubernetes: Kubernetes,
  before: ReadonlySet<string>,
): Promise<Omit<Leftovers, 'uploads' | 'files'>> {
  const objects = (await objectsOfTrials(kubernetes)).filter((name) => !before.has(name));
  const nats = `/api/v1/namespaces/${NAMESPACE}/pods/espalier-nats-0:${MONITOR_PORT}`;
  const { text, status } = await kubernetes.client.request('GET', `${nats}/proxy/jsz`);
  if (status !== 200) throw new Error(`NATS answers ${status}`);
  const { streams, consumers, messages } = JSON.parse(text) as JetStreamPage;
  return { objects, streams, consumers, messages };
}

/** In words, what should not be there: a stream and its reader are all that an idle installation has. */
export function wrongLeftovers(left: Leftovers): string[] {
  const { objects, streams, consumers, uploads, files } = left;
  return [
    ...objects.map((name) => `${name} is left`),
    ...(streams === 1 ? [] : [`there are ${streams} streams, not 1`]),
    ...(consumers === 1 ? [] : [`there are ${consumers} consumers, not 1`]),
    ...uploads.map((key) => `the upload of ${key} was never ended`),
    ...files.map((key) => `${key} is still in the store`),
  ];
}

export async function uploadsLeft({ options }: Store): Promise<string[]> {
  const client = createClient(options);
  try {
    const keys: string[] = [];
    for (let marker: { KeyMarker?: string; UploadIdMarker?: string } = {}; ; ) {
      const page = await client.send(
        new ListMultipartUploadsCommand({ Bucket: options.bucket, ...marker }),
      );
      keys.push(...(page.Uploads ?? []).map(({ Key }) => Key ?? ''));
      const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
      if (IsTruncated !== true || NextKeyMarker === undefined) return keys;
      marker = {
        KeyMarker: NextKeyMarker,
        ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
      };
    }
  } finally {
    client.destroy();
  }
}

/** What is in the store of Experiments whose files had to go with them. */
export async function filesOf(store: Store, ended: readonly Ended[]): Promise<string[]> {
  const files: string[] = [];
  for (const { job, experiment } of ended) {
    if (job.keepsFiles) continue;
    files.push(...(await objectsOf(store, experiment)).map((file) => `${file} of ${job.name}`));
  }
  return files;
}
