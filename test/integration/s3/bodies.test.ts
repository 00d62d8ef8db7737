import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { describe, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { MAX_ARTIFACT_BYTES } from '@espalier/api';
import { hashObject, readBody } from '../../../controller/src/adapters/s3/object-body.ts';
import { Presigner } from '../../../controller/src/adapters/s3/presign.ts';
import { S3Artifacts } from '../../../controller/src/adapters/s3/s3-artifacts.ts';
import { createClient } from '../../../controller/src/adapters/s3/store-client.ts';
import { statusOf } from '../../../controller/src/adapters/s3/store-error.ts';
import { CALL, newScene, sha256, useStore, whyNoStore } from './rig.ts';

describe('the S3 contract: bodies', { skip: whyNoStore() }, () => {
  const at = useStore();
  const fresh = () => at.keys.attemptFile(newScene().place, 'metrics.csv');

  test('F15 a body that does not fit its checksum is refused', async (t) => {
    const client = createClient(at.options);
    t.after(() => client.destroy());
    const body = Buffer.from('the bytes that were sent');
    const other = Buffer.from('THE BYTES THAT WERE SENT');
    const crc = (bytes: Buffer): string => {
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE(crc32(bytes));
      return sum.toString('base64');
    };
    const put = async (key: string, checksum: object): Promise<number | undefined> => {
      const place = { Bucket: at.options.bucket, Key: key, Body: body };
      const command = new PutObjectCommand({ ...place, ...checksum });
      try {
        return (await client.send(command)).$metadata.httpStatusCode;
      } catch (error) {
        return statusOf(error);
      }
    };
    const wrong: Record<string, object> = {
      crc32: { ChecksumCRC32: crc(other) },
      sha256: { ChecksumSHA256: Buffer.from(sha256(other), 'hex').toString('base64') },
      md5: { ContentMD5: createHash('md5').update(other).digest('base64') },
    };
    for (const [name, checksum] of Object.entries(wrong)) {
      const key = fresh();
      assert.equal(await put(key, checksum), 400, name);
      assert.equal(await at.store.head(key, CALL), undefined, name);
    }
    const right = fresh();
    assert.equal(await put(right, { ChecksumCRC32: crc(body) }), 200);
    assert.deepEqual((await at.store.get(right, 100, CALL))?.body, body);
    t.diagnostic(`refused ${Object.keys(wrong).length}, stored 1, wrong 0`);
  });

  test('F15 a body that is longer than announced, or than one PUT carries, is not stored', async (t) => {
    const presigner = new Presigner(at.options);
    t.after(() => presigner.close());
    const body = Buffer.from('short');
    const announced: Record<string, { size: number; sent: number }> = {
      'more than one PUT carries': { size: MAX_ARTIFACT_BYTES + 1, sent: MAX_ARTIFACT_BYTES + 1 },
      'more than was signed': { size: body.length, sent: body.length + 1 },
    };
    for (const [what, { size, sent }] of Object.entries(announced)) {
      const key = fresh();
      const { url, headers } = await presigner.put({ key, size, sha256: sha256(body) });
      const lengths = { ...headers, 'content-length': String(sent) };
      const status = await send(url, lengths, Buffer.concat([body, body]).subarray(0, sent));
      assert.ok(status === undefined || status >= 400, `${what}: ${status}`);
      assert.equal(await at.store.head(key, CALL), undefined, what);
      t.diagnostic(`${what}: ${status ?? 'cut off'}, stored 0`);
    }
  });

  test('G8 a store whose HEAD has no sha256 is read and hashed, in pieces', async (t) => {
    const client = createClient(at.options);
    t.after(() => client.destroy());
    const body = Buffer.alloc(3_000_000, 'abc');
    const { experiment, trial, place } = newScene();
    const key = at.keys.attemptFile(place, 'metrics.csv');
    const put = (bytes: Buffer) => {
      const { bucket } = at.options;
      return client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }));
    };
    await put(body);
    assert.equal((await at.store.head(key, CALL))?.sha256, undefined);
    assert.equal(await hashObject(at.store, key, body.length, CALL), sha256(body));
    let pieces = 0;
    for await (const piece of readBody(at.store, key, 1_000_000, CALL)) pieces += piece.length;
    assert.equal(pieces, 1_000_000, 'no more than was asked for');
    await assert.rejects(hashObject(at.store, key, body.length + 1, CALL), { code: 'Storage' });
    await assert.rejects(hashObject(at.store, fresh(), 1, CALL), { message: /is gone/ });

    const manifest = {
      ...{ version: 1, trialUid: place.trialUid, attempt: 0, step: 1, epoch: 1, best: null },
      resume: null,
      files: [{ path: 'metrics.csv', size: body.length, sha256: sha256(body) }],
    };
    const name = at.keys.attemptFile(place, 'manifest.json');
    await at.store.put(name, Buffer.from(JSON.stringify(manifest)), undefined, CALL);
    const artifacts = new S3Artifacts(at.store, at.keys, async () => ({ conditions: true }));
    const look = async () => {
      await artifacts.inspect(experiment, trial, 0, CALL);
      return artifacts.filesOf(trial, 0).kind;
    };
    assert.equal(await look(), 'whole');
    await put(Buffer.alloc(body.length, 'abd'));
    assert.equal(await look(), 'damaged');
  });
});

/** Sends a request as it is told to; the answer's status, or undefined if the store cuts it off. */
function send(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const open = url.startsWith('https:') ? secureRequest : request;
  const outgoing = open(url, { method: 'PUT', headers, timeout: 2_000 });
  outgoing.on('response', (reply) => {
    resolve(reply.statusCode);
    outgoing.destroy();
  });
  outgoing.on('timeout', () => outgoing.destroy());
  outgoing.on('error', () => resolve(undefined));
  outgoing.on('close', () => resolve(undefined));
  outgoing.write(body);
  return promise;
}
