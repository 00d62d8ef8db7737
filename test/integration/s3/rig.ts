import { createHash, randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import type { Experiment, Trial } from '@espalier/api';
import { ObjectStore } from '../../../controller/src/adapters/s3/object-store.ts';
import type { StoreOptions } from '../../../controller/src/adapters/s3/store-client.ts';
import { ArtifactKeys, type AttemptPlace } from '../../../controller/src/domain/artifacts/keys.ts';
import { experiment, trial } from '../../../controller/src/domain/testing/builders.ts';
import type { Call } from '../../../controller/src/ports/cluster.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { startVersitygw, type Versitygw } from '../../kit/versitygw.ts';

export const CALL: Call = { signal: new AbortController().signal };

const endpoint = process.env['S3_CONTRACT_ENDPOINT'];

/**
 * Another store needs no Go: `S3_CONTRACT_ENDPOINT`, `S3_CONTRACT_BUCKET`, and the AWS variables for
 * the region and the credentials. What the tests write lies below `contract/` and is removed again.
 */
export const whyNoStore = () => (endpoint === undefined ? whyNoTools() : false);

export const sha256 = (body: Buffer | string) => createHash('sha256').update(body).digest('hex');

/** The store of a test file; readable from its first test on. Each file has a prefix of its own. */
export function useStore() {
  const prefix = `contract/${randomUUID()}`;
  const keys = new ArtifactKeys(prefix);
  let server: Versitygw | undefined;
  let store: ObjectStore | undefined;
  let options: StoreOptions | undefined;
  before(async () => {
    if (endpoint === undefined) {
      server = await startVersitygw();
      const { url, bucket, region, credentials } = server;
      options = { endpoint: url, bucket, region, credentials, pathStyle: true };
    } else {
      const bucket = process.env['S3_CONTRACT_BUCKET'] ?? 'espalier';
      const region = process.env['AWS_REGION'] ?? 'us-east-1';
      options = { endpoint, bucket, region, pathStyle: true };
    }
    store = new ObjectStore(options);
  });
  after(async () => {
    if (store !== undefined && server === undefined) {
      for await (const page of store.list(`${prefix}/`, CALL)) {
        await store.delete(
          page.map(({ key }) => key),
          CALL,
        );
      }
    }
    store?.close();
    await server?.stop();
  });
  const started = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('the store has not started');
    return value;
  };
  return {
    prefix,
    keys,
    get options() {
      return started(options);
    },
    get store() {
      return started(store);
    },
  };
}

/** An Experiment and its first Trial, new to the store. */
export function newScene(): { experiment: Experiment; trial: Trial; place: AttemptPlace } {
  const made = experiment({}, (object) => ({
    ...object,
    metadata: { ...object.metadata, uid: randomUUID() },
  }));
  const first = trial('a-00000', (object) => ({
    ...object,
    metadata: { ...object.metadata, uid: randomUUID() },
  }));
  const { namespace, name, uid } = made.metadata;
  const place = {
    experiment: { namespace, name, uid },
    index: 0,
    trialUid: first.metadata.uid,
    attempt: 0,
  };
  return { experiment: made, trial: first, place };
}

/** Writes files and then the manifest that lists them, as a trainer does. */
export async function writeAttempt(
  store: ObjectStore,
  keys: ArtifactKeys,
  place: AttemptPlace,
  options: { readonly name?: string; readonly step?: number; readonly extra?: object } = {},
): Promise<void> {
  const step = options.step ?? 10;
  const paths = [`checkpoint-${step}/model.safetensors`, 'metrics.csv'];
  const files = paths.map((path) => ({ path, body: Buffer.from(`${path} of ${place.attempt}`) }));
  for (const { path, body } of files) {
    await store.put(keys.attemptFile(place, path), body, undefined, CALL);
  }
  const manifest = {
    version: 1,
    trialUid: place.trialUid,
    attempt: place.attempt,
    step,
    epoch: 1,
    best: { step, epoch: 1, value: 0.5 },
    resume: { step },
    files: files.map(({ path, body }) => ({ path, size: body.length, sha256: sha256(body) })),
    ...options.extra,
  };
  const key = keys.attemptFile(place, options.name ?? 'manifest.json');
  await store.put(key, Buffer.from(JSON.stringify(manifest)), undefined, CALL);
}
