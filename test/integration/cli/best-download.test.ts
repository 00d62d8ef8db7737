import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { type FaultProxy, startFaultProxy } from '../../kit/fault-proxy.ts';
import { s3Refusal } from '../../kit/s3-refusal.ts';
import { useCluster } from '../../kit/suite.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  applyCrds,
  experimentBody,
  experimentsPath,
  makeNamespace,
  trialsPath,
} from '../k8s/objects.ts';
import { CALL, useStore, whyNoStore } from '../s3/rig.ts';
import { type Ran, Sandbox, type Started } from './sandbox.ts';

const NAMESPACE = 'team';
const BEST_STEP = 20;
const MODEL = `checkpoint-${BEST_STEP}/model.safetensors`;
const WANTED = [
  MODEL,
  'extra/confusion.csv',
  'extra/plot.txt',
  'log.txt',
  'manifest.json',
  'metrics.csv',
  'trials.csv',
];

const sha256 = (body: Buffer | string) => createHash('sha256').update(body).digest('hex');

describe('espalier best of a cluster', { skip: whyNoStore(), concurrency: 2 }, () => {
  const cluster = useCluster({ nodes: false, users: [{ name: 'nobody', groups: [] }] });
  const at = useStore();

  before(async () => {
    await applyCrds(cluster.plane);
    await makeNamespace(cluster.plane.client, NAMESPACE);
  });

  /** An Experiment that has ended, as the controller leaves it in both places. */
  class Scene {
    readonly name: string;
    readonly sandbox: Sandbox;
    readonly proxy: FaultProxy;
    readonly target: string;
    /** Text, since the proxy counts what it passes on as text. */
    readonly model = randomBytes(2 ** 20).toString('hex');
    root = '';

    private constructor(t: TestContext, proxy: FaultProxy, name: string) {
      this.name = name;
      this.sandbox = new Sandbox(t);
      this.proxy = proxy;
      this.target = join(this.sandbox.dir, 'best');
      t.after(() => proxy.close());
    }

    static async make(
      t: TestContext,
      name: string,
      change: (files: Record<string, unknown>[]) => unknown[] = (files) => files,
    ): Promise<Scene> {
      const { endpoint } = at.options;
      if (endpoint === undefined) throw new Error('the store has no endpoint');
      const scene = new Scene(t, await startFaultProxy({ upstream: endpoint }), name);
      await scene.#create(change);
      return scene;
    }

    async #create(change: (files: Record<string, unknown>[]) => unknown[]): Promise<void> {
      const { client } = cluster.plane;
      const body = experimentBody(NAMESPACE, this.name);
      const made = await client.create(experimentsPath(NAMESPACE), body);
      const trialName = `${this.name}-00003`;
      const parameters = [{ name: 'lr', float: 0.01 }];
      const trial = await client.create(trialsPath(NAMESPACE), {
        apiVersion: 'espalier.dev/v1alpha1',
        kind: 'Trial',
        metadata: { name: trialName, namespace: NAMESPACE },
        spec: { index: 3, configuration: 3, replicate: 0, parameters, algorithm: 'random@1' },
      });
      const { uid = '' } = made.metadata;
      const place = {
        experiment: { namespace: NAMESPACE, name: this.name, uid },
        index: 3,
        trialUid: trial.metadata.uid ?? '',
        attempt: 1,
      };
      this.root = at.keys.attemptRoot(place);
      const put = (path: string, text: string) =>
        at.store.put(path, Buffer.from(text), undefined, CALL);
      const contents: Record<string, string> = {
        [MODEL]: this.model,
        'checkpoint-30/model.safetensors': 'not the best',
        'metrics.csv': 'epoch,valid_acc\n1,0.5\n2,0.75\n',
        'extra/plot.txt': 'a plot\n',
        'extra/confusion.csv': 'label,predicted,count\ncat,cat,30\ncat,dog,3\ndog,dog,27\n',
      };
      const files = Object.entries(contents).map(([path, text]) => ({
        path,
        size: text.length,
        sha256: sha256(text),
      }));
      for (const [path, text] of Object.entries(contents)) await put(`${this.root}${path}`, text);
      await put(`${this.root}log.txt`, 'what it printed\n');
      await put(at.keys.experimentFile(place.experiment, 'trials.csv'), 'trial,valid_acc\n');
      const manifest = {
        version: 1,
        trialUid: place.trialUid,
        attempt: place.attempt,
        step: 30,
        epoch: 3,
        best: { step: BEST_STEP, epoch: 2, value: 0.75 },
        resume: null,
        files: change(files),
      };
      await put(`${this.root}manifest.json`, JSON.stringify(manifest));
      const folder = `s3://${at.options.bucket}/${this.root.slice(0, -1)}`;
      const checkpoint = { uri: `${folder}/${MODEL}`, sha256: sha256(this.model) };
      const setStatus = (path: string, status: object) =>
        client.patch(`${path}/status`, 'merge-patch', { status });
      await setStatus(trialsPath(NAMESPACE, trialName), {
        phase: 'Succeeded',
        observation: { value: 0.75, step: BEST_STEP, epoch: 2 },
        artifacts: {
          attempt: 1,
          folder,
          checkpoint: { ...checkpoint, step: BEST_STEP },
          metricsCsv: `${folder}/metrics.csv`,
          log: `${folder}/log.txt`,
        },
      });
      await setStatus(experimentsPath(NAMESPACE, this.name), {
        phase: 'Succeeded',
        best: {
          trial: trialName,
          configuration: 3,
          value: 0.75,
          step: BEST_STEP,
          parameters,
          checkpoint,
          csv: `${folder}/metrics.csv`,
        },
      });
    }

    start(
      words: readonly string[],
      env: Readonly<Record<string, string>> = {},
      verb = 'best',
    ): Started {
      const known = at.options.credentials as
        | { accessKeyId: string; secretAccessKey: string }
        | undefined;
      return this.sandbox.start([verb, this.name, '-n', NAMESPACE, ...words], {
        KUBECONFIG: cluster.plane.kubeconfig,
        ESPALIER_S3_ENDPOINT: this.proxy.url,
        ESPALIER_S3_PATH_STYLE: 'true',
        ...(known === undefined
          ? {}
          : { AWS_ACCESS_KEY_ID: known.accessKeyId, AWS_SECRET_ACCESS_KEY: known.secretAccessKey }),
        ...env,
      });
    }

    download(...words: string[]): Promise<Ran> {
      return this.start(['--cluster', '--download', this.target, ...words]).ended;
    }

    /** Every file is there and nothing else. */
    check(): void {
      const files = readdirSync(this.target, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(this.target.length + 1));
      assert.deepEqual(files.sort(), WANTED);
      assert.equal(readFileSync(join(this.target, MODEL), 'utf8'), this.model);
    }
  }

  test('U16 the files of a best trial that was stopped come by its last checkpoint', async (t) => {
    const scene = await Scene.make(t, 'stopped');
    const end = `${scene.root}manifest.json`;
    const { body } = (await at.store.get(end, 2 ** 20, CALL)) ?? {};
    assert.ok(body !== undefined);
    const last = { ...JSON.parse(body.toString()), resume: { step: 30 } };
    await at.store.put(`${scene.root}manifest-9.json`, Buffer.from('{}'), undefined, CALL);
    const text = Buffer.from(JSON.stringify(last));
    await at.store.put(`${scene.root}manifest-30.json`, text, undefined, CALL);
    await at.store.delete([end], CALL);
    const { exitCode, stderr } = await scene.download();
    assert.equal(exitCode, 0, stderr);
    assert.equal(readFileSync(join(scene.target, MODEL), 'utf8'), scene.model);
    assert.deepEqual(readFileSync(join(scene.target, 'manifest-30.json')), text);
  });

  test('U16 a report draws what the trainer has left in the store, or tells why it does not', async (t) => {
    const scene = await Scene.make(t, 'drawn');
    const write = async (env: Readonly<Record<string, string>> = {}) => {
      const { exitCode, stderr } = await scene.start(['--cluster'], env, 'report').ended;
      assert.equal(exitCode, 0, stderr);
      return readFileSync(join(scene.sandbox.dir, 'drawn.html'), 'utf8');
    };
    const page = await write();
    assert.match(page, /57 of 60 validation images are taken for what they are \(95\.0 %\)/);
    assert.match(page, /<th scope="row">cat<\/th><td>dog<\/td><td>3<\/td><td>9\.1 %<\/td>/);
    const refused = await write({ AWS_ACCESS_KEY_ID: 'nobody' });
    assert.match(refused, /The files of the best model cannot be read: .*drawn/);
    assert.doesNotMatch(refused, /Confusion matrix/);
    const file = `${scene.root}extra/confusion.csv`;
    await at.store.put(file, Buffer.from('label,predicted,count\n'), undefined, CALL);
    const damaged = await write();
    assert.match(damaged, /extra\/confusion\.csv is not what the manifest lists/);
  });

  test('U16 what status names is shown, and fetched by one command', async (t) => {
    const scene = await Scene.make(t, 'shown');
    const shown = await scene.start(['--cluster', '--json']).ended;
    assert.equal(shown.exitCode, 0, shown.stderr);
    const document = JSON.parse(shown.stdout);
    assert.equal(document.value, 0.75);
    assert.equal(document.epoch, 2);
    const uri = `s3://${at.options.bucket}/${scene.root}`;
    assert.equal(document.checkpoint, `${uri}${MODEL}`);
    assert.equal(document.trialsCsv, `${uri.replace(/trials\/.*$/, '')}trials.csv`);
    const fetched = await scene.download('--json');
    assert.equal(fetched.exitCode, 0, fetched.stderr);
    scene.check();
    const { checkpoint, metricsCsv, folder, checkpointSha256 } = JSON.parse(fetched.stdout);
    assert.equal(checkpoint, join(scene.target, MODEL));
    assert.equal(metricsCsv, join(scene.target, 'metrics.csv'));
    assert.equal(folder, scene.target);
    assert.equal(checkpointSha256, sha256(readFileSync(checkpoint)));
    const requests = scene.proxy.requests.length;
    assert.equal((await scene.download()).exitCode, 0);
    const again = scene.proxy.requests.slice(requests).filter(({ method }) => method === 'GET');
    assert.equal(again.length, 1, 'only the manifest is fetched again');
    // The Trial's object may be gone before anybody looks.
    await cluster.plane.client.remove(trialsPath(NAMESPACE, `${scene.name}-00003`));
    const late = join(scene.sandbox.dir, 'late');
    const { exitCode, stderr } = await scene.start(['--cluster', '--download', late]).ended;
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(readFileSync(join(late, MODEL), 'utf8'), scene.model);
  });

  test('U16 a download that is killed goes on where it was', async (t) => {
    const scene = await Scene.make(t, 'killed');
    const isModel = { methods: ['GET'], path: /checkpoint-20/ };
    const off = scene.proxy.addRule({
      match: isModel,
      fault: { kind: 'slow', bytesPerSecond: 2 ** 20 },
    });
    const first = scene.start(['--cluster', '--download', scene.target]);
    const part = join(scene.target, '.espalier-download', sha256(scene.model));
    const sizeOf = () => (existsSync(part) ? statSync(part).size : 0);
    await waitFor(() => sizeOf() > 100_000, { what: 'a part of the model has arrived' });
    first.kill('SIGKILL');
    await first.ended;
    const kept = sizeOf();
    assert.ok(kept < scene.model.length && !existsSync(join(scene.target, MODEL)));
    off();
    const sent: number[] = [];
    const count = (text: string) => {
      sent.push(text.length);
      return text;
    };
    scene.proxy.addRule({ match: isModel, fault: { kind: 'rewrite', response: count } });
    const second = await scene.download();
    assert.equal(second.exitCode, 0, second.stderr);
    scene.check();
    assert.deepEqual(sent, [scene.model.length - kept]);
    t.diagnostic(`bytes ${scene.model.length}, kept ${kept}, fetched ${sent[0]}, wrong 0`);
  });

  test('F15 bytes that break off or change on their way are fetched again', async (t) => {
    const scene = await Scene.make(t, 'spoiled');
    const match = { methods: ['GET'], path: /checkpoint-20|metrics/ };
    scene.proxy.addRule({ match, fault: { kind: 'truncate', afterBytes: 20 }, times: 3 });
    scene.proxy.addRule({
      match,
      fault: { kind: 'rewrite', response: (text) => text.replace(/[0-9]/, 'x') },
      times: 1,
      skip: 3,
    });
    const { exitCode, stderr } = await scene.download();
    assert.equal(exitCode, 0, stderr);
    scene.check();
  });

  test('G8 other bytes in the store than the manifest lists never get a name', async (t) => {
    const changed = await Scene.make(t, 'changed');
    const other = `${changed.model.slice(0, -1)}x`;
    await at.store.put(`${changed.root}${MODEL}`, Buffer.from(other), undefined, CALL);
    const ran = await changed.download();
    assert.equal(ran.exitCode, 1);
    assert.match(ran.stderr, /model\.safetensors is not what the manifest lists: its sha256/);
    const longer = await Scene.make(t, 'longer');
    const more = Buffer.from(`${longer.model}x`);
    await at.store.put(`${longer.root}${MODEL}`, more, undefined, CALL);
    assert.match((await longer.download()).stderr, /has more than the \d+ bytes that are listed/);
    const missing = await Scene.make(t, 'missing');
    await at.store.delete([`${missing.root}${MODEL}`], CALL);
    assert.match((await missing.download()).stderr, /there is no s3:\/\/.*model\.safetensors/);
    for (const { target } of [changed, longer, missing]) {
      assert.ok(!existsSync(join(target, MODEL)) && !existsSync(join(target, 'manifest.json')));
    }
  });

  test('a hostile manifest, or a link in the folder, writes nothing outside it', async (t) => {
    const paths = ['../outside', '/tmp/outside', 'extra/../../outside'];
    for (const [index, path] of paths.entries()) {
      const name = `hostile-${index}`;
      const scene = await Scene.make(t, name, (files) => [...files, { ...files[0], path }]);
      const { exitCode, stderr } = await scene.download();
      assert.equal(exitCode, 1, path);
      assert.match(stderr, /not the path of an artifact/);
      assert.ok(!existsSync(scene.target));
    }
    const scene = await Scene.make(t, 'linked');
    const elsewhere = join(scene.sandbox.dir, 'elsewhere');
    mkdirSync(elsewhere);
    mkdirSync(scene.target);
    symlinkSync(elsewhere, join(scene.target, 'extra'));
    const { exitCode, stderr } = await scene.download();
    assert.equal(exitCode, 7);
    assert.match(stderr, /extra leads out of the folder/);
    assert.deepEqual(readdirSync(elsewhere), []);
    writeFileSync(join(elsewhere, 'metrics.csv'), 'mine\n');
    const taken = await scene.start(['--cluster', '--download', elsewhere]).ended;
    assert.equal(taken.exitCode, 7);
    assert.match(taken.stderr, /metrics\.csv is there already, with other content/);
    assert.equal(readFileSync(join(elsewhere, 'metrics.csv'), 'utf8'), 'mine\n');
    t.diagnostic(`hostile manifests ${paths.length}, links 1, written outside 0`);
  });

  test('without access it says which permission on which object', async (t) => {
    const scene = await Scene.make(t, 'denied');
    const fault = s3Refusal(403, 'AccessDenied');
    scene.proxy.addRule({ match: { path: /checkpoint-20/ }, fault });
    const denied = await scene.download();
    assert.equal(denied.exitCode, 1);
    const arn = `arn:aws:s3:::${at.options.bucket}/${scene.root}${MODEL}`;
    assert.ok(denied.stderr.includes(`allows s3:GetObject on ${arn}`), denied.stderr);
    const nobody = cluster.plane.writeKubeconfig('nobody', cluster.plane.token('nobody'));
    const refused = await scene.start(['--kubeconfig', nobody]).ended;
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /needs the verb get on experiments\.espalier\.dev/);
    const unknown = await scene.sandbox.start(['best', 'nothing', '--cluster'], {
      KUBECONFIG: cluster.plane.kubeconfig,
    }).ended;
    assert.equal(unknown.exitCode, 3);
    assert.match(unknown.stderr, /no Experiment nothing in namespace default/);
    const noContext = await scene.start(['--context', 'no-such-context']).ended;
    assert.match(noContext.stderr, /no context "no-such-context"/);
    assert.equal(noContext.exitCode, 2);
  });
});
