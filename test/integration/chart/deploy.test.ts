import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { deployFiles } from '../../../scripts/deploy-manifests.ts';
import type { KubeObject } from '../../kit/kube-types.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { CHART, NAMESPACE, template } from './helm.ts';

const root = join(CHART, '../..');
const run = promisify(execFile);

describe('the manifests for kubectl apply -k', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'deploy', nodes: false });
  let wanted: ReadonlyMap<string, string> = new Map();

  before(async () => {
    const { stdout } = await template();
    wanted = new Map(deployFiles(stdout, NAMESPACE));
  });

  test('they are the defaults of the chart; else run make generate-deploy', () => {
    const there = globSync('manifests/{deploy,uninstall}/*', { cwd: root }).sort();
    assert.deepEqual(there, [...wanted.keys()].sort());
    for (const path of there) {
      assert.equal(readFileSync(join(root, path), 'utf8'), wanted.get(path), path);
    }
  });

  test('nothing in them is for helm', () => {
    for (const [path, text] of wanted) {
      const objects = text.replaceAll(/^#.*$/gm, '');
      assert.doesNotMatch(objects, /helm\.sh|managed-by: Helm/, path);
    }
  });

  test('kubectl apply -k makes all of it on a fresh cluster, twice', async (context) => {
    const { plane } = cluster;
    const apply = () => plane.kubectl(['apply', '-k', join(root, 'manifests/deploy')]);
    const made = (await apply()).trim().split('\n');
    assert.ok(
      made.every((line) => line.endsWith(' created')),
      made.join('\n'),
    );
    const again = (await apply()).trim().split('\n');
    assert.deepEqual(
      again.filter((line) => !/ (unchanged|configured)$/.test(line)),
      [],
    );
    const job = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs/espalier-create-secrets`;
    await waitFor(async () => (await plane.client.request('GET', job)).status === 200, {
      what: 'the job that makes the keys is there',
    });
    context.diagnostic(`${made.length} objects`);
  });

  test('what ends everything is accepted, too', async () => {
    const folder = join(root, 'manifests/uninstall');
    const made = await cluster.plane.kubectl(['apply', '--dry-run=server', '-k', folder]);
    assert.match(made, /job.batch\/espalier-uninstall created/);
  });

  test('F28 the commands that rotate the key of trials change that key and no other', async () => {
    const { plane } = cluster;
    const data = async (): Promise<Record<string, string>> => {
      const path = `/api/v1/namespaces/${NAMESPACE}/secrets/espalier-nats-keys`;
      const found = await plane.client.get<KubeObject & { data: Record<string, string> }>(path);
      return Object.fromEntries(
        Object.entries(found.data).map(([name, text]) => [
          name,
          Buffer.from(text, 'base64').toString(),
        ]),
      );
    };
    const program = join(root, 'controller/bin/espalier-controller');
    const keys = ['create-secrets', '--nats-secret=espalier-nats-keys', '--nats-hosts=nats'];
    const here = [`--namespace=${NAMESPACE}`, `--kubeconfig=${plane.kubeconfig}`];
    await run(program, [...keys, ...here]);
    const before = await data();

    const text = readFileSync(join(root, 'docs/install.md'), 'utf8');
    const [, script = ''] = /```sh\n(\(umask 077.*?)```/s.exec(text) ?? [];
    const bin = plane.folder.file('bin');
    mkdirSync(bin);
    symlinkSync(plane.kubectlPath, join(bin, 'kubectl'));
    symlinkSync(join(root, 'controller'), join(bin, 'controller'));
    const env = {
      HOME: bin,
      KUBECONFIG: plane.kubeconfig,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    };
    await run('bash', ['-euc', script], { cwd: bin, env });

    const after = await data();
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    assert.deepEqual(changed.sort(), ['account.jwt', 'accounts.conf', 'trainer.seed']);
    assert.deepEqual(Object.keys(after).sort(), Object.keys(before).sort());
    const set = `/apis/apps/v1/namespaces/${NAMESPACE}/statefulsets/espalier-nats`;
    const restarted = JSON.stringify(await plane.client.get(set));
    assert.match(restarted, /kubectl.kubernetes.io\/restartedAt/);
    assert.ok(!existsSync(join(bin, 'nats-keys')), 'nothing of the keys stays on the disk');
  });
});
