import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { refused, useApiServer } from '../testing/api-server.ts';
import { espalier } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-doctor-'));
});
after(() => rmSync(dir, { recursive: true }));

test('doctor looks at this machine, and makes nothing', async () => {
  const folder = join(dir, 'not/yet');
  const ran = await espalier(['doctor', '--dir', folder], new FakeEngine());
  assert.equal(ran.exitCode, 0, ran.stdout);
  assert.match(ran.stdout, /^ok {3}Node +\d+\./m);
  assert.match(ran.stdout, /^ok {3}folder +.*not\/yet can be made, .* free$/m);
  assert.match(ran.stdout, /^(ok {3}|\? {4})trainer /m);
  assert.deepEqual(readdirSync(dir), []);
  const json = await espalier(['doctor', '--json', '--dir', folder], new FakeEngine());
  assert.equal(JSON.parse(json.stdout).ok, true);
});

test('doctor says what is wrong with a folder, and exits with 11', async () => {
  const file = join(dir, 'file');
  writeFileSync(file, '');
  const ran = await espalier(['doctor', '--dir', join(file, 'runs')], new FakeEngine());
  rmSync(file);
  assert.equal(ran.exitCode, 11);
  assert.match(ran.stdout, /^BAD {2}folder .*file is no folder\n +-> name another with --dir/m);
});

test('doctor goes on where one look fails, and stops where nothing answers', async (t) => {
  const { kubeconfig } = await useApiServer(t, ({ path }) => {
    if (path === '/version') return { code: 200, body: { gitVersion: 'v1.34.4' } };
    if (path.startsWith('/openapi')) return refused(404, 'NotFound', 'none');
    if (path.endsWith('selfsubjectaccessreviews')) {
      return { code: 201, body: { status: { allowed: false } } };
    }
    return refused(403, 'Forbidden', 'User "u" cannot list resource');
  });
  const ran = await espalier(['doctor', '--kubeconfig', kubeconfig], new FakeEngine());
  assert.equal(ran.exitCode, 11);
  assert.match(ran.stdout, /^ok {3}API server +v1\.34\.4$/m);
  assert.match(ran.stdout, /^BAD {2}kinds .*\n +-> espalier install/m);
  assert.match(ran.stdout, /^BAD {2}rights +none in team to .*\n +-> ask for the role "edit"/m);
  assert.match(ran.stdout, /^\? {4}controller /m);
  assert.match(ran.stdout, /^\? {4}NATS, store +.*needs the verb list/m);
  const { kubeconfig: broken } = await useApiServer(t, () => refused(500, '', 'on fire'));
  const down = await espalier(['doctor', '--kubeconfig', broken], new FakeEngine());
  assert.equal(down.exitCode, 11);
  assert.match(down.stdout, /^BAD {2}API server .*on fire\n +-> kubectl cluster-info/m);
});

test('version tells also what is installed there', async (t) => {
  const image = 'registry/espalier/controller:0.1.0';
  const { kubeconfig } = await useApiServer(t, ({ path, query }) => {
    if (path === '/version') return { code: 200, body: { gitVersion: 'v1.34.4' } };
    if (path === '/apis/apps/v1/deployments') {
      assert.match(query.get('labelSelector') ?? '', /name=espalier/);
      const item = { metadata: {}, spec: { template: { spec: { containers: [{ image }] } } } };
      return { code: 200, body: { metadata: {}, items: [item] } };
    }
    return refused(404, 'NotFound', 'none');
  });
  const words = ['version', '--kubeconfig', kubeconfig];
  const ran = await espalier(words, new FakeEngine());
  assert.match(
    ran.stdout,
    /^espalier \S+\nkubernetes v1\.34\.4\nkinds not installed\ncontroller registry\/espalier\/controller:0\.1\.0\n$/,
  );
  const json = await espalier([...words, '--json'], new FakeEngine());
  assert.deepEqual(JSON.parse(json.stdout).server.controllers, [image]);
});

test('install prints commands for the cluster that is named, and starts nothing', async () => {
  const words = ['install', '--context', 'my lab', '-n', 'tools'];
  const ran = await espalier(words, new FakeEngine(), { cwd: dir });
  assert.equal(ran.exitCode, 0);
  const commands = ran.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(commands.length, 3);
  assert.match(
    commands[0] ?? '',
    /^helm install espalier \S*charts\/espalier --namespace tools --kube-context 'my lab' /,
  );
  assert.equal(commands[2], "espalier doctor --context 'my lab'");
});
