import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { Experiment } from '@espalier/api';
import { createClient } from '../../controller/src/adapters/s3/store-client.ts';
import { TEAM } from '../e2e/experiments.ts';
import type { Kubernetes } from '../e2e/kubernetes.ts';
import { objectsOf, type Store } from '../e2e/store.ts';
import { NAMESPACE } from '../integration/chart/helm.ts';
import type { KubeObject } from '../kit/kube-types.ts';

/** What there is of an installation when nothing runs and every Experiment of the soak is deleted. */
export interface Leftovers {
  /** `Kind name` of what belonged to trials. */
  readonly objects: readonly string[];
  readonly streams: number;
  readonly consumers: number;
  /** Messages of attempts that ended, which a limit of the stream removes at the latest. */
  readonly messages: number;
}

/** The monitoring page of the server, as far as it matters here. */
interface JetStreamPage {
  readonly streams: number;
  readonly consumers: number;
  readonly messages: number;
}

const MONITOR = 8222;

export async function leftovers(kubernetes: Kubernetes, prefix: string): Promise<Leftovers> {
  const kinds = 'pods,secrets,experiments,trials';
  const all = await kubernetes.list<KubeObject>(kinds, '--namespace', TEAM);
  const path = `/api/v1/namespaces/${NAMESPACE}/pods/espalier-nats-0:${MONITOR}/proxy/jsz`;
  const { text, status } = await kubernetes.client.request('GET', path);
  if (status !== 200) throw new Error(`NATS answers ${status}`);
  const { streams, consumers, messages } = JSON.parse(text) as JetStreamPage;
  return {
    // Experiments that were there before the soak stay with their Trials; none has a pod or a Secret.
    objects: all
      .filter(
        ({ kind, metadata }) =>
          kind === 'Pod' || kind === 'Secret' || metadata.name?.startsWith(prefix),
      )
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    streams,
    consumers,
    messages,
  };
}

/** In words, what should not be there: a stream and its reader are all that an idle installation has. */
export function wrongLeftovers({ objects, streams, consumers }: Leftovers): string[] {
  return [
    ...objects.map((name) => `${name} is left`),
    ...(streams === 1 ? [] : [`there are ${streams} streams, not 1`]),
    ...(consumers === 1 ? [] : [`there are ${consumers} consumers, not 1`]),
  ];
}

/** Keys of uploads that were begun and neither completed nor removed. */
export async function unfinishedUploads({ options }: Store): Promise<string[]> {
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

/** Files that should have gone with their Experiment. */
export async function filesLeft(store: Store, experiment: Experiment): Promise<string[]> {
  const names = await objectsOf(store, experiment);
  return names.map((name) => `${name} of ${experiment.metadata.name} is still in the store`);
}
