import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { ObjectStore } from './object-store.ts';

test('G5 F15 a store that takes a request for a body and says nothing is given up', async (t) => {
  let asked = 0;
  const server = createServer(() => {
    asked += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const store = new ObjectStore({
    bucket: 'b',
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pathStyle: true,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    // Long enough for a request to arrive on a busy machine: the first one loads what signs it.
    retry: { tries: 2, baseMs: 1, maxMs: 1, timeoutMs: 2_000 },
  });
  t.after(() => {
    store.close();
    server.closeAllConnections();
    server.close();
  });
  const call = { signal: AbortSignal.timeout(60_000) };
  await assert.rejects(store.open('k', 0, call), { code: 'Storage' });
  assert.equal(call.signal.aborted, false);
  assert.equal(asked, 2);
});
