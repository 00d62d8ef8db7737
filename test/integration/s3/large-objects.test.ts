import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { LargeObjects, NO_UPLOAD } from '../../../controller/src/adapters/s3/large-objects.ts';
import { CALL, useStore, whyNoStore } from './rig.ts';

describe('objects in parts', { skip: whyNoStore() }, () => {
  const at = useStore();

  // Uploads come in pages as well, but versitygw 1.8.0 refuses to go on within the uploads of one key.
  test('F15 every unfinished upload is found, and every part however many pages they fill', async (t) => {
    const large = new LargeObjects({ ...at.options, pageSize: 2 });
    t.after(() => large.close());
    const key = `${at.prefix}/${randomUUID()}.tar`;
    const neighbour = await large.begin(`${key}x`, CALL);
    const uploads = [];
    for (let count = 0; count < 5; count++) uploads.push(await large.begin(key, CALL));
    assert.deepEqual([...(await large.unfinished(key, CALL))].sort(), uploads.toSorted());
    const [first = ''] = uploads;
    const sent = [];
    for (const number of [5, 1, 4, 2, 3]) {
      sent.push(await large.putPart(key, first, number, Buffer.from(`part ${number}`), CALL));
    }
    const found = await large.parts(key, first, CALL);
    assert.ok(found !== NO_UPLOAD);
    assert.deepEqual(
      found.map(({ number }) => number),
      [1, 2, 3, 4, 5],
    );
    for (const part of found)
      assert.ok(sent.some((one) => JSON.stringify(one) === JSON.stringify(part)));
    for (const id of uploads) await large.abort(key, id, CALL);
    assert.deepEqual(await large.unfinished(key, CALL), []);
    // What is gone is said to be gone, by every verb.
    assert.equal(await large.parts(key, first, CALL), NO_UPLOAD);
    assert.equal(await large.putPart(key, first, 1, Buffer.from('x'), CALL), NO_UPLOAD);
    assert.equal(await large.complete(key, first, found, true, CALL), NO_UPLOAD);
    await large.abort(key, first, CALL);
    await large.abort(`${key}x`, neighbour, CALL);
    t.diagnostic(`uploads ${uploads.length}, parts ${found.length}, missed 0`);
  });
});
