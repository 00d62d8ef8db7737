import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import {
  type AttemptAddress,
  attemptName,
  inboxOf,
  podName,
  reportSubject,
  requestSubject,
  type TrainerAnswer,
  type Trial,
  trainerAnswerSchema,
} from '@espalier/api';
import type { NatsConnection } from 'nats';
import type { Call } from '../../../controller/src/ports/cluster.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { experimentsPath, trialsIn } from '../k8s/objects.ts';
import { connectWith, refusalsOf } from '../nats/clients.ts';
import { sha256 } from '../s3/rig.ts';
import { applyQuick, experimentIn, succeeded } from './quick-experiment.ts';
import { stored } from './record.ts';
import { S3_PREFIX, useStreams } from './rig.ts';
import { whyNotNow } from './undisturbed.ts';

const CALL: Call = { signal: new AbortController().signal };

describe('what belongs to a tenant', { skip: whyNoTools(), timeout: 240_000 }, () => {
  const rig = useStreams({ label: 'tenants' });
  const addressOf = (trial: Trial): AttemptAddress => ({
    namespace: trial.metadata.namespace,
    trialUid: trial.metadata.uid,
    attempt: 0,
  });

  const keysBelow = async (prefix: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const page of rig.store.list(`${S3_PREFIX}/${prefix}`, CALL)) {
      found.push(...page.map(({ key }) => key.slice(S3_PREFIX.length + 1)));
    }
    return found.sort();
  };

  /** The Trials of team-a and team-b, all of which have saved a checkpoint and wait. */
  let own: Trial;
  let neighbour: Trial;
  let stranger: Trial;
  let connection: NatsConnection | undefined;

  before(async () => {
    for (const namespace of ['team-a', 'team-b']) {
      await rig.namespace(namespace);
      await applyQuick(rig, namespace, {
        parameters: [{ name: 'holds', int: { value: 1 } }],
        artifacts: { onDelete: namespace === 'team-a' ? 'Delete' : 'Retain' },
        trials: { max: 2, parallel: 2, maxFailed: 0 },
      });
    }
    const saved = async (namespace: string): Promise<Trial[] | false> => {
      const experiment = await experimentIn(rig, namespace);
      const trials = await trialsIn(rig.client, namespace);
      if (trials.length < 2) return false;
      for (const trial of trials) {
        if (!(await stored(rig, experiment, trial, 0, 'manifest-10.json'))) return false;
      }
      return [...trials];
    };
    const wait = (namespace: string) =>
      waitFor(() => saved(namespace), { what: `the trials of ${namespace} have saved` });
    const [first, second] = await wait('team-a');
    const [third] = await wait('team-b');
    assert.ok(first && second && third);
    [own, neighbour, stranger] = [first, second, third];
    const file = rig.node.path('team-a', podName(own.metadata.name, 0), '/espalier/credentials');
    const credentials = readFileSync(`${file}/user.creds`, 'utf8');
    connection = await connectWith(rig.nats, credentials, inboxOf(attemptName(addressOf(own))));
  });
  after(() => connection?.close());

  const ask = async (request: object): Promise<TrainerAnswer> => {
    assert.ok(connection);
    const text = JSON.stringify(request);
    const reply = await connection.request(requestSubject(addressOf(own)), text, {
      timeout: 5_000,
    });
    return trainerAnswerSchema.parse(reply.json());
  };

  test('G13 U17 the credential in a pod opens no subject but its own', async (t) => {
    assert.ok(connection);
    const refused = refusalsOf(connection);
    const others = [
      { ...addressOf(own), attempt: 1 },
      { ...addressOf(own), namespace: 'team-b' },
      addressOf(neighbour),
      addressOf(stranger),
    ];
    const publish = [
      ...others.flatMap((other) => [
        reportSubject(other, 'points'),
        reportSubject(other, 'state'),
        requestSubject(other),
        `${inboxOf(attemptName(other))}.1`,
      ]),
      ...['INFO', 'STREAM.INFO', 'STREAM.PURGE', 'STREAM.DELETE', 'STREAM.UPDATE'].map(
        (verb) => `$JS.API.${verb}${verb === 'INFO' ? '' : '.ESPALIER'}`,
      ),
      ...['STREAM.MSG.GET', 'CONSUMER.CREATE', 'CONSUMER.LIST', 'DIRECT.GET'].map(
        (verb) => `$JS.API.${verb}.ESPALIER`,
      ),
      '$SYS.REQ.USER.INFO',
      'espalier.m.v1',
    ];
    const subscribe = [
      ...['>', '_INBOX.>', 'espalier.>', 'espalier.m.v1.>', 'espalier.rpc.v1.>', '$JS.API.>'],
      ...others.map((other) => `${inboxOf(attemptName(other))}.>`).slice(2),
      reportSubject(addressOf(own), 'points'),
    ];
    for (const subject of publish) connection.publish(subject, '{}');
    for (const subject of subscribe) connection.subscribe(subject);
    const wanted = [
      ...publish.map((subject) => `publish ${subject}`),
      ...subscribe.map((subject) => `subscription ${subject}`),
    ];
    const missing = () => wanted.filter((one) => !refused.has(one));
    await connection.flush();
    await waitFor(() => missing().length === 0, {
      what: 'all are refused',
      timeoutMs: 5_000,
    }).catch(() => assert.deepEqual(missing(), []));
    t.diagnostic(`subjects tried ${wanted.length}, denied ${wanted.length - missing().length}`);
    for (const one of wanted) t.diagnostic(`  denied ${one}`);
  });

  test('G13 a request names no file outside the attempt, and nothing that is not its input', async (t) => {
    const paths = [
      ...['../a1/manifest.json', '/manifest.json', 'extra/../../x', 'extra/..', './metrics.csv'],
      ...['extra/a/b', 'best.json', 'trials.csv', 'checkpoint-010/model.safetensors', 'extra/\0'],
      ...['..%2f..%2fbest.json', 'points-0.jsonl/', '', 'manifest-1.json.tmp', 'extra/.hidden'],
    ];
    const file = { size: 1, sha256: '0'.repeat(64) };
    const requests = [
      ...paths.map((path) => ({ kind: 'upload', path, ...file })),
      ...[
        '',
        'model.safetensors',
        '../../x',
        `trials/00001-${neighbour.metadata.uid}/a0/log.txt`,
      ].map((path) => ({ kind: 'read', source: 'resume', path })),
      { kind: 'read', source: 'data', path: '' },
      { kind: 'upload', path: 'log.txt', size: 2 ** 60, sha256: file.sha256 },
      { kind: 'nonsense' },
    ];
    for (const request of requests) {
      const answer = await ask(request);
      assert.equal(answer.kind, 'refused', JSON.stringify(request));
      const reason = answer.kind === 'refused' ? answer.reason : '';
      t.diagnostic(`  ${reason}: ${JSON.stringify(request).slice(0, 120)}`);
    }
    t.diagnostic(`requests tried ${requests.length}, refused ${requests.length}`);
  });

  test('G13 a signed upload is for one key, one content, once', async (t) => {
    const body = Buffer.from('mine');
    const answer = await ask({
      kind: 'upload',
      path: 'extra/mine.txt',
      size: body.length,
      sha256: sha256(body),
    });
    assert.ok(answer.kind === 'upload');
    const { url, headers } = answer;
    const before = await keysBelow('');
    const others = [
      ...before,
      `team-a/datasets/digits.tar`,
      'team-b/datasets/digits.tar',
      `team-a/e-${neighbour.metadata.uid}/best.json`,
    ];
    const ownRoot = new URL(url).pathname.slice(0, -'extra/mine.txt'.length);
    let denied = 0;
    const deny = async (what: string, target: string | URL, init: RequestInit) => {
      const { status } = await fetch(target, init);
      assert.ok(status >= 400 && status !== 404, `${what} answered ${status}`);
      denied += 1;
    };
    const put = { method: 'PUT', headers, body };
    for (const key of others) {
      const target = new URL(url);
      target.pathname = `/${rig.s3.bucket}/${S3_PREFIX}/${key}`;
      if (target.pathname === new URL(url).pathname) continue;
      await deny(`PUT ${key}`, target, put);
      const bare = new URL(target.pathname, target);
      for (const method of ['GET', 'DELETE', 'PUT']) {
        await deny(`${method} ${key} without a signature`, bare, {
          method,
          ...(method === 'PUT' ? { body } : {}),
        });
      }
    }
    for (const method of ['GET', 'DELETE']) await deny(`${method} of the URL`, url, { method });
    await deny('a list of the bucket', new URL(`/${rig.s3.bucket}?list-type=2`, url), {});
    await deny('other bytes', url, { ...put, body: Buffer.from('MINE') });
    await deny('more bytes', url, {
      method: 'PUT',
      body: Buffer.from('mine too'),
      headers: omit(headers, 'content-length'),
    });
    await deny('no condition', url, { ...put, headers: omit(headers, 'if-none-match') });
    await deny('no digest', url, { ...put, headers: omit(headers, 'x-amz-checksum-sha256') });
    assert.deepEqual(await keysBelow(''), before, 'nothing has changed');
    assert.equal((await fetch(url, put)).status, 200);
    await deny('the same once more', url, put);
    t.diagnostic(`${ownRoot}: requests tried ${denied}, denied ${denied}`);
  });

  // They go a minute after the newer one came.
  test('a checkpoint that a newer one has made superfluous goes', { skip: whyNotNow }, async () => {
    const checkpoints = async () =>
      (await keysBelow('team-a/')).filter((key) => /checkpoint-/.test(key));
    await waitFor(async () => (await checkpoints()).every((key) => /checkpoint-10\//.test(key)), {
      what: 'only the newest checkpoints are left',
      timeoutMs: 120_000,
    });
    assert.equal((await checkpoints()).length, 4, 'model and state of two trials');
  });

  test('G10 onDelete decides whether the objects go with their Experiment', async () => {
    for (const namespace of ['team-a', 'team-b']) {
      await rig.client.remove(experimentsPath(namespace, 'e'));
    }
    const isGone = async (namespace: string) =>
      (await rig.client.request('GET', experimentsPath(namespace, 'e'))).status === 404;
    await waitFor(async () => (await isGone('team-a')) && (await isGone('team-b')), {
      what: 'both are gone',
    });
    assert.deepEqual(await keysBelow('team-a/'), []);
    const kept = await keysBelow('team-b/');
    assert.ok(
      kept.some((key) => key.endsWith('/manifest-10.json')),
      kept.join(' '),
    );
  });

  test('U10 U20 an Experiment goes after its time to live, and its record stays', async () => {
    await rig.namespace('ttl');
    await applyQuick(rig, 'ttl', {
      trials: { max: 1, parallel: 1, maxFailed: 0 },
      pace: { epochs: 1, epochMs: 10 },
      ttlSecondsAfterFinished: 3,
    });
    const experiment = await succeeded(rig, 'ttl');
    await waitFor(
      async () => (await rig.client.request('GET', experimentsPath('ttl', 'e'))).status === 404,
      { what: 'it is gone' },
    );
    const kept = await keysBelow(`ttl/e-${experiment.metadata.uid}/`);
    for (const name of ['best.json', 'trials.csv', 'metrics.csv', 'model.safetensors']) {
      assert.ok(
        kept.some((key) => key.endsWith(`/${name}`)),
        `${name} in ${kept.join(' ')}`,
      );
    }
  });
});

function omit(headers: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}
