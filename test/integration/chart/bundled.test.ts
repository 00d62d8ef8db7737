import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ObjectStore } from '../../../controller/src/adapters/s3/object-store.ts';
import type { ControlPlane } from '../../kit/control-plane.ts';
import { freePort } from '../../kit/free-port.ts';
import type { KubeObject } from '../../kit/kube-types.ts';
import type { ProcessImage } from '../../kit/process-node/container.ts';
import { toolPaths, whyNoTools } from '../../kit/tools.ts';
import { createExperiment, experimentEnded, makeNamespace } from '../k8s/objects.ts';
import { NAMESPACE } from './helm.ts';
import { apply, HERE, useChartRig } from './installed.ts';

const trainer = join(import.meta.dirname, '../streams/programs/quick-trainer.ts');
const PORT = { nats: await freePort(), monitor: await freePort(), store: await freePort() };
const STORE = `http://127.0.0.1:${PORT.store}`;
const TRIALS = 4;

/** Here no name leads to a Service; everything else is what the chart says. */
const VALUES = {
  ...HERE,
  controller: {
    ...HERE.controller,
    env: [
      ...HERE.controller.env,
      { name: 'ESPALIER_NATS_SERVERS', value: `localhost:${PORT.nats}` },
      { name: 'ESPALIER_S3_ENDPOINT', value: STORE },
    ],
  },
  s3: { bundled: { storage: { persistent: false } } },
};

/** The real servers, with the chart's configuration and arguments but for paths and ports. */
async function servers(plane: ControlPlane): Promise<Record<string, ProcessImage>> {
  const tools = await toolPaths(['nats-server', 'versitygw']);
  const script = (name: string, text: string): ProcessImage['entrypoint'] => {
    writeFileSync(plane.folder.file(name), text);
    return ['/bin/sh', plane.folder.file(name)];
  };
  const node = [process.execPath, '--conditions=@espalier/source'];
  return {
    'localhost/espalier/trainer:0.1.0': { entrypoint: [...node, trainer] },
    'nats:2.15.2': {
      env: { SETTINGS: '/etc/nats', DATA: '/data' },
      entrypoint: script(
        'nats.sh',
        `cp "$SETTINGS"/* . && chmod 600 nats.conf
sed -i -e "s|/etc/nats/|$PWD/|" -e "s|\\"/data\\"|\\"$DATA\\"|" -e 's|^port: 4222|port: ${PORT.nats}|' \\
  -e 's|0.0.0.0:8222|127.0.0.1:${PORT.monitor}|' nats.conf
exec "${tools['nats-server']}" --config nats.conf
`,
      ),
    },
    'versity/versitygw:v1.8.0': {
      entrypoint: script(
        'store.sh',
        `[ "$1 $2" = "--port :7070" ] || exit 2
shift 2
exec "${tools.versitygw}" --port 127.0.0.1:${PORT.store} "$@"
`,
      ),
    },
  };
}

interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

describe('the chart with its own NATS and store', { skip: whyNoTools() }, () => {
  const rig = useChartRig('bundled', servers);

  test('U12 one command and a manifest: live metrics, the best checkpoint, every CSV', async (context) => {
    const { client } = rig.plane;
    await makeNamespace(client, 'team');
    const { code, stderr } = await rig.helm(apply('install'), VALUES);
    assert.equal(code, 0, stderr);
    await createExperiment(client, 'team', 'sweep', {
      objective: { metric: 'valid_acc', goal: 'maximize' },
      parameters: [
        { name: 'top', float: { min: 0.1, max: 0.9, scale: 'linear' } },
        { name: 'epochs', int: { value: 3 } },
        { name: 'steps', int: { value: 5 } },
        { name: 'epochMs', int: { value: 50 } },
      ],
      trials: { max: TRIALS, parallel: 2 },
    });
    const ended = await experimentEnded(client, 'team', 'sweep', 90_000);
    assert.equal(ended.status?.phase, 'Succeeded', ended.status?.message);
    assert.ok((ended.status?.best?.value ?? 0) > 0);

    const path = `/api/v1/namespaces/${NAMESPACE}/secrets/espalier-store-keys`;
    const { data } = await client.get<Secret>(path);
    const text = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString();
    const store = new ObjectStore({
      endpoint: STORE,
      bucket: 'espalier',
      region: 'us-east-1',
      pathStyle: true,
      credentials: { accessKeyId: text('accessKeyId'), secretAccessKey: text('secretAccessKey') },
    });
    try {
      const names: string[] = [];
      for await (const page of store.list('team/sweep-', {
        signal: new AbortController().signal,
      })) {
        names.push(...page.map(({ key }) => key));
      }
      const count = (end: string) => names.filter((name) => name.endsWith(end)).length;
      assert.deepEqual([count('/best.json'), count('/trials.csv')], [1, 1]);
      assert.deepEqual([count('/metrics.csv'), count('/manifest.json')], [TRIALS, TRIALS]);
      assert.equal(count('/model.safetensors'), 1, 'only the best checkpoint stays');
      context.diagnostic(`${names.length} objects of ${TRIALS} trials in the store`);
    } finally {
      store.close();
    }
  });
});
