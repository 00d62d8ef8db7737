import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { keyFiles } from '../../controller/src/adapters/nats/key-files.ts';
import { type Ran, Sandbox } from '../integration/cli/sandbox.ts';
import { applyQuick, succeeded } from '../integration/streams/quick-experiment.ts';
import { S3_PREFIX, useStreams } from '../integration/streams/rig.ts';
import type { KubeObject } from '../kit/kube-types.ts';
import { whyNoTools } from '../kit/tools.ts';
import { waitFor } from '../kit/wait.ts';

const NAMESPACE = 'canaries';
/** Secrets that nobody accepts: what a person typed wrongly is a secret of another place. */
const WRONG_KEY = 'canary-of-a-wrong-secret-access-key';
const WRONG_TOKEN = 'canary.of.a-wrong-bearer-token';
const SESSION = 'canary-of-a-session-token';
const CALL = { signal: new AbortController().signal };

interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

/** Seeds of keys, tokens, and the lines of private keys, wherever they stand in a text. */
function secretsOf(text: string): readonly string[] {
  const keys = [...text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]+)-----END/g)];
  return [
    ...(text.match(/\bS[UAO][A-Z2-7]{56}\b/g) ?? []),
    ...keys.flatMap(([, body = '']) => body.split('\n').filter((line) => line.length > 30)),
  ];
}

/** How a secret may stand in a text: as it is, or as a Secret or a header has it. */
function formsOf(secret: string): readonly string[] {
  return [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')];
}

describe('F28 secrets stay where they belong', { skip: whyNoTools(), timeout: 240_000 }, () => {
  const rig = useStreams({ label: 'canaries' });
  /** By what they are. */
  const canaries = new Map<string, readonly string[]>();
  let controllerToken = '';

  before(async () => {
    await rig.namespace(NAMESPACE);
    await applyQuick(rig, NAMESPACE, { tops: [0.3, 0.7], pace: { epochs: 6, epochMs: 200 } });
    const secrets = await waitFor(
      async () => {
        const path = `/api/v1/namespaces/${NAMESPACE}/secrets`;
        const { items } = await rig.client.list<Secret>(path);
        return items.length > 0 && items;
      },
      { what: 'an attempt has credentials' },
    );
    const users = secrets.map(({ data }) =>
      Buffer.from(data['user.creds'] ?? '', 'base64').toString(),
    );
    const { kubeconfig } = rig.plane;
    controllerToken = tokenIn(
      readFileSync(join(kubeconfig, '..', 'controller-0.kubeconfig'), 'utf8'),
    );
    canaries.set('key of the store', [rig.s3.credentials.secretAccessKey, WRONG_KEY, SESSION]);
    canaries.set(
      'keys of the bus',
      Object.values(keyFiles(rig.nats.installation)).flatMap(secretsOf),
    );
    canaries.set(
      'credentials of attempts',
      users.flatMap((user) => [
        ...secretsOf(user),
        ...(user.match(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g) ?? []),
      ]),
    );
    canaries.set('tokens of the cluster', [controllerToken, WRONG_TOKEN, rig.plane.token('admin')]);
    await succeeded(rig, NAMESPACE);
  });

  /** Searches texts, by where they were found, and says how much was searched. */
  function requireNone(t: TestContext, texts: ReadonlyMap<string, string>): void {
    let bytes = 0;
    for (const [where, text] of texts) {
      bytes += text.length;
      for (const [what, secrets] of canaries) {
        const found = secrets.some((secret) => formsOf(secret).some((form) => text.includes(form)));
        assert.ok(!found, `${where} holds the ${what}`);
      }
    }
    const count = [...canaries.values()].flat().length;
    t.diagnostic(`${count} secrets looked for in ${texts.size} texts of ${bytes} characters`);
  }

  test('F28 the canaries are there to be found', () => {
    for (const [what, secrets] of canaries) {
      assert.ok(secrets.length > 0 && secrets.every((one) => one.length >= 12), what);
    }
    const keys = Object.values(keyFiles(rig.nats.installation)).join('\n');
    for (const key of canaries.get('keys of the bus') ?? []) assert.ok(keys.includes(key));
  });

  test('F28 not in the logs of controller and bus, nor on the page of metrics', async (t) => {
    const leader = await rig.leader();
    const log = readFileSync(rig.plane.folder.file('controller-0.log'), 'utf8');
    assert.ok(log.length > 1_000);
    const bus = readFileSync(rig.nats.folder.file('nats-server.log'), 'utf8');
    const page = await leader.metrics();
    assert.match(page, /espalier_trial/);
    requireNone(
      t,
      new Map([
        ['log of the controller', log],
        ['log of the bus', bus],
        ['metrics', page],
      ]),
    );
  });

  test('F28 not in objects, events and what kubectl describe makes of them', async (t) => {
    const kinds = 'experiments,trials,pods,events,configmaps,leases,serviceaccounts';
    const shown = new Map<string, string>();
    for (const format of ['json', 'yaml']) {
      const text = await rig.plane.kubectl([
        'get',
        kinds,
        '-A',
        '--show-managed-fields',
        '-o',
        format,
      ]);
      shown.set(`objects as ${format}`, text);
    }
    shown.set('kubectl describe', await rig.plane.kubectl(['describe', `${kinds},secrets`, '-A']));
    for (const [what, text] of shown) assert.match(text, /e-00000/, what);
    requireNone(t, shown);
  });

  test('F28 not in what lies in the store', async (t) => {
    const texts = new Map<string, string>();
    for await (const page of rig.store.list('', CALL)) {
      for (const { key } of page) {
        const object = await rig.store.get(key, 64 * 2 ** 20, CALL);
        texts.set(key, object?.body.toString('latin1') ?? '');
      }
    }
    assert.ok([...texts.keys()].some((key) => key.endsWith('best.json')));
    requireNone(t, texts);
  });

  test('F28 not in what commands print and write, with right and with wrong credentials', async (t) => {
    const right = {
      AWS_ACCESS_KEY_ID: rig.s3.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: rig.s3.credentials.secretAccessKey,
    };
    const wrong = { ...right, AWS_SECRET_ACCESS_KEY: WRONG_KEY, AWS_SESSION_TOKEN: SESSION };
    const { kubeconfig } = rig.plane;
    const box = new Sandbox(t);
    const refused = join(box.dir, 'refused');
    const cluster = JSON.parse(readFileSync(kubeconfig, 'utf8')) as { users: object[] };
    cluster.users = [{ name: 'kit', user: { token: WRONG_TOKEN } }];
    writeFileSync(refused, JSON.stringify(cluster), { mode: 0o600 });
    const texts = new Map<string, string>();
    const bucket = ['--bucket', rig.s3.bucket, '--prefix', S3_PREFIX];
    const verbs: readonly (readonly string[])[] = [
      ['list', '-o', 'json'],
      ['get', 'e'],
      ['trials', 'e', '-o', 'json'],
      ['events', 'e'],
      ['doctor'],
      ['logs', 'e-00000'],
      ['verify', 'e'],
      ['best', 'e'],
      ['plot', 'curves', 'e', ...bucket],
      ['report', 'e', '-o', 'report.html', ...bucket],
    ];
    const codes: string[] = [];
    for (const words of verbs) {
      for (const [how, env, config] of [
        ['right', right, kubeconfig],
        ['wrong key', wrong, kubeconfig],
        ['wrong token', right, refused],
      ] as const) {
        const ran: Ran = await box.start([...words, '--kubeconfig', config, '-n', NAMESPACE], {
          ...env,
          ESPALIER_S3_ENDPOINT: rig.s3.url,
          ESPALIER_S3_PATH_STYLE: 'true',
          ESPALIER_S3_REGION: rig.s3.region,
        }).ended;
        codes.push(`${words[0]} ${ran.exitCode}`);
        texts.set(`${words.join(' ')} (${how})`, `${ran.stdout}\n${ran.stderr}`);
      }
    }
    t.diagnostic(codes.join(', '));
    texts.set('report.html', readFileSync(join(box.dir, 'report.html'), 'utf8'));
    const told = texts.get('logs e-00000 (wrong key)') ?? '';
    assert.match(told, /does not accept this AWS credential/);
    requireNone(t, texts);
  });

  test('F28 not in the folder of a sweep on this machine, whose environment holds them', async (t) => {
    const box = new Sandbox(t);
    const env = { AWS_SECRET_ACCESS_KEY: WRONG_KEY, AWS_SESSION_TOKEN: SESSION };
    const sweep = box.sweep({ max: 2 });
    const ran = await box.start(['run', '-f', sweep], env).ended;
    const texts = new Map([['run', `${ran.stdout}\n${ran.stderr}`]]);
    assert.equal(ran.exitCode, 0, ran.stderr);
    const state = join(box.dir, '.espalier');
    for (const name of readdirSync(state, { recursive: true, encoding: 'utf8' })) {
      const path = join(state, name);
      if (statSync(path).isFile()) texts.set(name, readFileSync(path, 'latin1'));
    }
    assert.ok([...texts.keys()].some((name) => name.endsWith('experiment.json')));
    requireNone(t, texts);
  });
});

function tokenIn(kubeconfig: string): string {
  const { users } = JSON.parse(kubeconfig) as { users: { user: { token: string } }[] };
  return users[0]?.user.token ?? '';
}
