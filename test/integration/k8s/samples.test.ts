import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { before, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { whyNoTools } from '../../kit/tools.ts';
import { experimentEnded, lastWords, trialsIn } from './objects.ts';
import { placeOf, trialUntil, useRig } from './pods-rig.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
/** Eleven Experiments at once, on a machine that may have other work. */
const SLOW_MS = 300_000;
const SAMPLES = globSync('manifests/samples/*.yaml', { cwd: ROOT }).sort();

interface Document {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly data?: { readonly s3?: object };
    readonly trials?: { readonly max?: number };
    readonly search?: { readonly population?: { readonly size: number } };
    readonly replicates?: { readonly values: readonly number[]; readonly racing?: object };
  };
}

interface CreatedPod {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly nodeSelector?: object;
    readonly tolerations?: readonly object[];
    readonly runtimeClassName?: string;
    readonly containers: readonly {
      readonly image: string;
      readonly resources: { readonly limits?: Readonly<Record<string, string | number>> };
    }[];
    readonly volumes?: readonly object[];
  };
}

/** That a pod asks the cluster for what its sample is about. */
function assertAsked(sample: string, { metadata, spec }: CreatedPod): void {
  const [trainer] = spec.containers;
  const gpus = Number(trainer?.resources.limits?.['nvidia.com/gpu'] ?? 0);
  if (sample === 'kueue') {
    assert.equal(metadata.labels['kueue.x-k8s.io/queue-name'], 'research');
    assert.equal(gpus, 1);
  } else if (sample === 'pvc-data') {
    const claim = JSON.stringify(spec.volumes?.find((volume) => 'persistentVolumeClaim' in volume));
    assert.match(claim, /"claimName":"datasets"/);
  } else if (sample === 'gpu-profile') {
    assert.deepEqual(spec.nodeSelector, { 'nvidia.com/gpu.present': 'true' });
    assert.match(JSON.stringify(spec.tolerations), /"key":"nvidia.com\/gpu"/);
    assert.equal(spec.runtimeClassName, 'nvidia');
    assert.equal(trainer?.image, 'localhost/espalier/trainer:0.1.0');
    assert.equal(gpus, 1);
  }
}

describe('the samples, on a real control plane with fake pods', {
  skip: whyNoTools(),
  concurrency: true,
}, () => {
  const rig = useRig({ label: 'samples', nodes: { nodes: 2, gpus: 8 } });
  const namespaceOf = (path: string) => basename(path, '.yaml');
  const script = (pod: string) => ({
    message: lastWords(placeOf(pod).index / 100, 'valid_acc', { epoch_seconds: 2 }),
    runFor: '100ms',
  });

  before(async () => {
    const { client, kwok, plane } = rig;
    for (const path of SAMPLES) await rig.namespace(namespaceOf(path), script);
    await rig.namespace('no-store', script);
    // What the samples say that they need: a node for GPUs only, its RuntimeClass, a bound claim.
    const node = kwok.nodes[1] as string;
    await plane.kubectl(['label', 'node', node, 'nvidia.com/gpu.present=true']);
    await plane.kubectl(['taint', 'node', node, 'nvidia.com/gpu=present:NoSchedule']);
    await client.create('/apis/node.k8s.io/v1/runtimeclasses', {
      apiVersion: 'node.k8s.io/v1',
      kind: 'RuntimeClass',
      metadata: { name: 'nvidia' },
      handler: 'nvidia',
    });
    const capacity = { storage: '1Gi' };
    const accessModes = ['ReadOnlyMany'];
    await client.create('/api/v1/persistentvolumes', {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'datasets' },
      spec: { capacity, accessModes, storageClassName: '', hostPath: { path: '/data' } },
    });
    await client.create('/api/v1/namespaces/pvc-data/persistentvolumeclaims', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      // The kit runs no binder, which is all that the scheduler asks for.
      metadata: { name: 'datasets', annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
      spec: {
        ...{ accessModes, storageClassName: '', volumeName: 'datasets' },
        resources: { requests: capacity },
      },
    });
  });

  const documentsOf = (path: string): Document[] =>
    parseAllDocuments(readFileSync(join(ROOT, path), 'utf8')).map(
      (document) => document.toJSON() as Document,
    );
  const apply = (namespace: string, documents: readonly object[]) =>
    rig.plane.kubectl(
      ['apply', '--validate=strict', '-n', namespace, '-f', '-'],
      documents.map((document) => JSON.stringify(document)).join('\n---\n'),
    );
  /** The pods that the controller has asked for, as it did. */
  const pods = (namespace: string): CreatedPod[] =>
    rig.proxy.writes
      .filter(({ method, path }) => method === 'POST' && path.endsWith(`/${namespace}/pods`))
      .map(({ body }) => JSON.parse(body) as CreatedPod);

  for (const path of SAMPLES) {
    test(`${path} is accepted as it is, and ends with a best value`, async (context) => {
      const namespace = namespaceOf(path);
      await rig.plane.kubectl([
        ...['apply', '--validate=strict', '--dry-run=server', '-n', namespace],
        ...['-f', join(ROOT, path)],
      ]);
      // No store here: fake pods would fetch and leave nothing. The next test says what becomes of data.s3.
      const documents = documentsOf(path).map((document) => {
        const { data, ...spec } = document.spec;
        return data?.s3 === undefined ? document : { ...document, spec };
      });
      await apply(namespace, documents);
      const { metadata, spec } = documents.find(({ kind }) => kind === 'Experiment') as Document;
      const ended = await experimentEnded(rig.client, namespace, metadata.name, SLOW_MS);
      const trials = await trialsIn(rig.client, namespace);
      // Without a store nobody has a checkpoint to go on from: the first members train to their end.
      const most = spec.search?.population?.size ?? spec.trials?.max ?? 1;
      const wanted = most * (spec.replicates?.values.length ?? 1);
      assert.equal(ended.status?.phase, 'Succeeded', JSON.stringify(ended.status));
      // How many a race takes depends on the results: more than one each, and not all.
      const isRace = spec.replicates?.racing !== undefined;
      assert.ok(isRace ? trials.length > most && trials.length < wanted : trials.length === wanted);
      assert.ok(trials.every(({ status }) => status?.phase === 'Succeeded'));
      for (const pod of pods(namespace)) assertAsked(namespace, pod);
      context.diagnostic(`${trials.length} trials, best ${ended.status.best?.value}`);
    });
  }

  test('data of the object store is refused with a message where there is no store', async () => {
    const documents = documentsOf('manifests/samples/s3-data.yaml');
    await apply('no-store', documents);
    const trial = await trialUntil(
      rig.client,
      'no-store',
      's3-data-00000',
      ({ status }) => status?.phase === 'Failed',
      'has failed',
      SLOW_MS,
    );
    assert.equal(trial.status?.reason, 'Unstartable');
    assert.match(trial.status?.message ?? '', /spec\.data\.s3 needs the object store/);
  });
});
