import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { inboxOf } from '@espalier/api';
import { connect, credsAuthenticator } from 'nats';
import { parse } from 'yaml';
import { KeyFolder } from '../../../controller/src/adapters/nats/key-folder.ts';
import { CONTROLLER_NAME } from '../../../controller/src/adapters/nats/permissions.ts';
import { ObjectStore } from '../../../controller/src/adapters/s3/object-store.ts';
import { freePort } from '../../kit/free-port.ts';
import type { KubeObject } from '../../kit/kube-types.ts';
import { startProcess } from '../../kit/own-process.ts';
import { useCluster } from '../../kit/suite.ts';
import { toolPaths, whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { find, NAMESPACE, type Rendered, render } from './helm.ts';

interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

interface StoreDeployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly initContainers: readonly { readonly command: readonly string[] }[];
        readonly containers: readonly { readonly args: readonly string[] }[];
      };
    };
  };
}

const program = join(import.meta.dirname, '../../../controller/src/main.ts');
const HOOK = 'espalier-create-secrets';

describe('the keys that the installation makes', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'keys', nodes: false, audit: true });
  let objects: readonly Rendered[] = [];

  before(async () => {
    const { plane } = cluster;
    await plane.kubectl(['create', 'namespace', NAMESPACE]);
    objects = await render();
    const rights = objects.filter(({ kind, metadata }) => metadata.name === HOOK && kind !== 'Job');
    assert.equal(rights.length, 3);
    await plane.kubectl(
      ['apply', '-f', '-'],
      rights.map((one) => JSON.stringify(one)).join('\n---\n'),
    );
  });

  /** Runs what the hook's pod runs, with the rights of its account. */
  async function runHook(): Promise<{ code: number | null; output: string }> {
    const { plane } = cluster;
    const token = await plane.serviceAccountToken(NAMESPACE, HOOK);
    const { spec } = find(objects, 'Job', HOOK) as unknown as {
      spec: { template: { spec: { containers: { args: string[] }[] } } };
    };
    const args = spec.template.spec.containers[0]?.args ?? [];
    const process = await startProcess({
      name: HOOK,
      command: globalThis.process.execPath,
      args: [
        '--conditions=@espalier/source',
        program,
        ...args,
        `--kubeconfig=${plane.writeKubeconfig(HOOK, token)}`,
        `--namespace=${NAMESPACE}`,
      ],
      logFile: plane.folder.file(`${HOOK}.log`),
    });
    const { exitCode } = await process.ended;
    return { code: exitCode, output: process.tail() };
  }

  const secret = (name: string) =>
    cluster.plane.client.get<Secret>(`/api/v1/namespaces/${NAMESPACE}/secrets/${name}`);

  test('G13 the hook makes them once, and needs only the right to create Secrets', async () => {
    const first = await runHook();
    assert.equal(first.code, 0, first.output);
    assert.match(first.output, /espalier-nats-keys: created\n.*espalier-store-keys: created/);
    const keys = await secret('espalier-nats-keys');
    const store = await secret('espalier-store-keys');
    assert.deepEqual(Object.keys(store.data).sort(), ['accessKeyId', 'secretAccessKey']);
    const second = await runHook();
    assert.equal(second.code, 0, second.output);
    assert.match(second.output, /espalier-nats-keys: exists and is kept/);
    assert.deepEqual((await secret('espalier-nats-keys')).data, keys.data);
    assert.deepEqual((await secret('espalier-store-keys')).data, store.data);
    const account = `system:serviceaccount:${NAMESPACE}:${HOOK}`;
    const asked = cluster.plane.auditEntries().filter(({ user }) => user === account);
    assert.deepEqual(
      [...new Set(asked.map(({ verb, resource }) => `${verb} ${resource}`))],
      ['create secrets'],
    );
  });

  test('F28 a nats-server with the configuration of the chart serves the controller', async () => {
    const { plane } = cluster;
    const { data } = await secret('espalier-nats-keys');
    const folder = plane.folder.file('nats');
    mkdirSync(folder);
    for (const [name, text] of Object.entries(data)) {
      writeFileSync(join(folder, name), Buffer.from(text, 'base64'), { mode: 0o600 });
    }
    const [port, monitor] = [await freePort(), await freePort()];
    const config = (find(objects, 'ConfigMap', 'espalier-nats').data?.['nats.conf'] ?? '')
      // Places of the pod; everything else stays what the chart says.
      .replaceAll('/etc/nats/', `${folder}/`)
      .replace('"/data"', JSON.stringify(join(folder, 'data')))
      .replace('port: 4222', `port: ${port}`)
      .replace('0.0.0.0:8222', `127.0.0.1:${monitor}`);
    writeFileSync(join(folder, 'nats.conf'), config);
    const server = await startProcess({
      name: 'nats-server',
      command: (await toolPaths(['nats-server']))['nats-server'],
      args: ['--config', join(folder, 'nats.conf')],
      logFile: join(folder, 'nats.log'),
    });
    try {
      const health = async () => (await fetch(`http://127.0.0.1:${monitor}/healthz`)).ok;
      await waitFor(health, { what: 'nats-server is healthy', unless: () => server.whyEnded() });
      const keys = await KeyFolder.open(folder);
      const client = await connect({
        servers: `tls://localhost:${port}`,
        authenticator: credsAuthenticator(Buffer.from(keys.credentials())),
        tls: { ca: keys.ca() },
        inboxPrefix: inboxOf(CONTROLLER_NAME),
      });
      const account = await client.request('$JS.API.INFO');
      assert.equal((account.json() as { error?: object }).error, undefined);
      await client.close();
      await assert.rejects(
        connect({ servers: `tls://localhost:${port}`, tls: { ca: keys.ca() }, reconnect: false }),
        /authorization|AUTHORIZATION/i,
      );
    } finally {
      await server.kill();
    }
  });

  test('a versitygw with the arguments of the chart serves the controller', async () => {
    const { plane } = cluster;
    const keys = await secret('espalier-store-keys');
    const text = (name: string) => Buffer.from(keys.data[name] ?? '', 'base64').toString();
    const credentials = {
      accessKeyId: text('accessKeyId'),
      secretAccessKey: text('secretAccessKey'),
    };
    const { spec } = find(objects, 'Deployment', 'espalier-store') as unknown as StoreDeployment;
    const { initContainers, containers } = spec.template.spec;
    const folder = plane.folder.file('store');
    const port = await freePort();
    const here = (words: readonly string[] = []) =>
      words.map((word) => word.replace('/data', folder).replace(':7070', `127.0.0.1:${port}`));
    const [mkdir = '', ...folders] = here(initContainers[0]?.command);
    execFileSync(mkdir, folders);
    const server = await startProcess({
      name: 'versitygw',
      command: (await toolPaths(['versitygw'])).versitygw,
      args: here(containers[0]?.args),
      env: {
        ROOT_ACCESS_KEY: credentials.accessKeyId,
        ROOT_SECRET_KEY: credentials.secretAccessKey,
      },
      logFile: plane.folder.file('versitygw.log'),
    });
    const endpoint = `http://127.0.0.1:${port}`;
    const config = find(objects, 'ConfigMap', 'espalier-controller').data?.['config.yaml'] ?? '';
    const settings = parse(config) as Record<string, string>;
    const store = new ObjectStore({
      endpoint,
      credentials,
      bucket: settings['s3Bucket'] ?? '',
      region: settings['s3Region'] ?? '',
      pathStyle: true,
    });
    try {
      await waitFor(async () => (await fetch(endpoint)).status > 0, {
        what: 'versitygw answers',
        unless: () => server.whyEnded(),
      });
      const call = { signal: new AbortController().signal };
      await store.put('a/b', Buffer.from('text'), undefined, call);
      assert.equal((await store.get('a/b', 100, call))?.body.toString(), 'text');
    } finally {
      store.close();
      await server.kill();
    }
  });
});
