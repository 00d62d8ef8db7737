import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ObjectStore } from '../../../controller/src/adapters/s3/object-store.ts';
import { Presigner } from '../../../controller/src/adapters/s3/presign.ts';
import { probeStore } from '../../../controller/src/adapters/s3/probe.ts';
import type { StoreRequest } from '../../../controller/src/adapters/s3/store-client.ts';
import { waitFor } from '../../kit/wait.ts';
import { CALL, newScene, sha256, useStore, whyNoStore } from './rig.ts';

describe('the S3 contract', { skip: whyNoStore() }, () => {
  const at = useStore();
  const fresh = (path = 'metrics.csv') => at.keys.attemptFile(newScene().place, path);

  test('F15 a write under a condition that does not hold is refused and changes nothing', async () => {
    const { store } = at;
    const key = fresh();
    const put = (text: string, condition: Parameters<typeof store.put>[2]) =>
      store.put(key, Buffer.from(text), condition, CALL).then(({ kind }) => kind);
    assert.equal(await put('lost', { kind: 'unchanged', etag: '"0"' }), 'refused');
    assert.equal(await put('one', { kind: 'absent' }), 'written');
    assert.equal(await put('two', { kind: 'absent' }), 'refused');
    const head = await store.head(key, CALL);
    assert.ok(head !== undefined);
    assert.deepEqual([head.size, head.sha256], [3, sha256('one')]);
    assert.equal(await put('two', { kind: 'unchanged', etag: head.etag }), 'written');
    assert.equal(await put('three', { kind: 'unchanged', etag: head.etag }), 'refused');
    assert.equal((await store.get(key, 10, CALL))?.body.toString(), 'two');
    assert.deepEqual(await probeStore(store, at.prefix, CALL), { conditions: true });
  });

  test('what is not there is absent, what is too large is not read, a wrong bucket is an error', async () => {
    const { store } = at;
    assert.equal(await store.get(fresh(), 10, CALL), undefined);
    assert.equal(await store.head(fresh(), CALL), undefined);
    const key = fresh();
    await store.put(key, Buffer.alloc(1_000), undefined, CALL);
    await assert.rejects(store.get(key, 999, CALL), { code: 'Storage', message: /999 bytes/ });
    const nowhere = new ObjectStore({ ...at.options, bucket: 'no-such-bucket' });
    await assert.rejects(nowhere.get(key, 999, CALL), { code: 'Storage', message: /bucket/ });
    nowhere.close();
    await store.delete([key, key], CALL);
    await store.delete([key], CALL);
    assert.equal(await store.head(key, CALL), undefined);
  });

  test('every try is told: a condition that did not hold is an answer, a wrong bucket a refusal', async () => {
    const told: string[] = [];
    const onRequest = ({ action, outcome }: StoreRequest) => told.push(`${action} ${outcome}`);
    const retry = { tries: 2, baseMs: 1, maxMs: 1, timeoutMs: 10_000 };
    const options = { ...at.options, retry, onRequest };
    const store = new ObjectStore(options);
    const key = fresh();
    await store.head(key, CALL);
    for (const text of ['one', 'two']) {
      await store.put(key, Buffer.from(text), { kind: 'absent' }, CALL);
    }
    store.close();
    const nowhere = new ObjectStore({ ...options, bucket: 'no-such-bucket' });
    await assert.rejects(nowhere.get(key, 9, CALL));
    nowhere.close();
    const silent = new ObjectStore({ ...options, endpoint: 'http://127.0.0.1:9' });
    await assert.rejects(silent.get(key, 9, CALL));
    silent.close();
    assert.deepEqual(told, [
      's3:GetObject done',
      's3:PutObject done',
      's3:PutObject done',
      's3:GetObject refused',
      's3:GetObject failed',
      's3:GetObject failed',
    ]);
  });

  test('a listing has every key once, and only those below its prefix', async () => {
    const { store, keys } = at;
    const { place } = newScene();
    const root = keys.attemptRoot(place);
    const paths = Array.from({ length: 30 }, (_, i) => `extra/plot-${i}.png`);
    for (const path of paths) await store.put(root + path, Buffer.from(path), undefined, CALL);
    const foreign = `${root}extra/a b+ä&<.txt`;
    await store.put(foreign, Buffer.from('x'), undefined, CALL);
    const found: string[] = [];
    for await (const page of store.list(root, CALL)) found.push(...page.map(({ key }) => key));
    assert.equal(found.length, 31);
    assert.deepEqual(
      found.filter((key) => keys.parse(key) !== undefined).sort(),
      paths.map((path) => root + path).sort(),
    );
  });

  test('without credentials of its own the store uses the provider chain', async (t) => {
    const { credentials, ...rest } = at.options;
    if (typeof credentials !== 'object') return t.skip('the endpoint uses the chain already');
    const before = { ...process.env };
    process.env['AWS_ACCESS_KEY_ID'] = credentials.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = credentials.secretAccessKey;
    const store = new ObjectStore(rest);
    t.after(() => {
      store.close();
      process.env = before;
    });
    assert.equal(await store.head(fresh(), CALL), undefined);
  });

  test('F15 G13 a presigned PUT takes one file with these bytes, once', async (t) => {
    const presigner = new Presigner(at.options);
    t.after(() => presigner.close());
    const body = Buffer.from('the bytes that were announced');
    const key = fresh('submission.csv');
    const other = fresh('submission.csv');
    const { url, headers } = await presigner.put({ key, size: body.length, sha256: sha256(body) });
    const send = async (bytes: Buffer, to = url, change: Record<string, string | null> = {}) => {
      const sent = Object.entries({ ...headers, ...change }).filter(([, value]) => value !== null);
      const reply = await fetch(to, {
        method: 'PUT',
        headers: {
          ...(Object.fromEntries(sent) as Record<string, string>),
          'content-length': String(bytes.length),
        },
        body: new Uint8Array(bytes),
      });
      await reply.arrayBuffer();
      return reply.status;
    };
    const denied: Record<string, number> = {
      'other bytes': await send(Buffer.from(body.toString().toUpperCase())),
      'a longer body': await send(Buffer.concat([body, body])),
      'another key': await send(body, url.replace(key, other)),
      'no condition': await send(body, url, { 'if-none-match': null }),
      'no digest': await send(body, url, { 'x-amz-checksum-sha256': null }),
      'another digest': await send(body, url, {
        'x-amz-checksum-sha256': Buffer.from(sha256('x'), 'hex').toString('base64'),
      }),
    };
    for (const [what, status] of Object.entries(denied)) {
      assert.ok(status === 400 || status === 403, `${what} answered ${status}`);
    }
    assert.equal(await at.store.head(key, CALL), undefined);
    assert.equal(await send(body), 200);
    assert.equal(await send(body), 412);
    assert.equal((await at.store.head(key, CALL))?.sha256, sha256(body));
    const read = await fetch((await presigner.get(key)).url);
    assert.deepEqual(Buffer.from(await read.arrayBuffer()), body);
    const brief = await presigner.put({ key: other, size: body.length, sha256: sha256(body) }, 1);
    // Wrong bytes are refused as such until the URL itself is refused.
    const wrong = Buffer.from(body.toString().toUpperCase());
    await waitFor(async () => (await send(wrong, brief.url)) === 403, { what: 'the URL expired' });
    assert.equal(await send(body, brief.url), 403);
    assert.equal(await at.store.head(other, CALL), undefined);
    t.diagnostic(`denied ${Object.keys(denied).length + 1}, stored 1, wrong 0`);
  });
});
