import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LABEL } from '@espalier/api';
import { experiment, trial } from './domain/testing/builders.ts';
import { openCluster, type UserCluster } from './remote.ts';

type Answer = (request: IncomingMessage) => { readonly code: number; readonly body: unknown };

/** A reader of a server that answers as the test says; the kubeconfig's namespace is `team`. */
async function readerOf(t: TestContext, answer: Answer): Promise<UserCluster> {
  const server = createServer((request, response) => {
    const { code, body } = answer(request);
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const folder = mkdtempSync(join(tmpdir(), 'espalier-remote-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const config = {
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'team' } }],
    'current-context': 'x',
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const reader = openCluster({ kubeconfig: [kubeconfig] });
  t.after(() => {
    reader.close();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return reader;
}

const CALL = { signal: new AbortController().signal };
/** As a server puts objects into a list. */
const item = (index: number, uid = 'a-uid') => {
  const { metadata, spec } = trial(`a-0000${index}`);
  const [owner] = metadata.ownerReferences ?? [];
  const meta = { ...metadata, resourceVersion: '1', ownerReferences: [{ ...owner, uid }] };
  return { metadata: meta, spec };
};
const page = (items: readonly object[], next?: string) => ({
  metadata: { resourceVersion: '7', ...(next === undefined ? {} : { continue: next }) },
  items,
});

test('all pages of a list make one answer, of the Experiment of that uid only', async (t) => {
  const asked: URLSearchParams[] = [];
  const reader = await readerOf(t, ({ url = '' }) => {
    const { searchParams } = new URL(url, 'http://x');
    asked.push(searchParams);
    const token = searchParams.get('continue');
    if (token === null) return { code: 200, body: page([item(0), item(1, 'other')], 'second') };
    return { code: 200, body: page([item(2)]) };
  });
  const found = await reader.trials(experiment(), CALL);
  assert.deepEqual(
    found.map(({ metadata }) => metadata.name),
    ['a-00000', 'a-00002'],
  );
  for (const query of asked) {
    assert.equal(query.get('labelSelector'), `${LABEL.experiment}=a`);
    assert.equal(query.get('limit'), '500');
  }
  assert.deepEqual(asked.length, 2);
});

test('a list whose state the server has dropped is begun again, a few times', async (t) => {
  let expired = 0;
  let times = 1;
  const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'the token is too old' };
  const reader = await readerOf(t, ({ url = '' }) => {
    if (!url.includes('continue=')) return { code: 200, body: page([item(0)], 'second') };
    if (expired < times) {
      expired += 1;
      return { code: 410, body: gone };
    }
    return { code: 200, body: page([item(1)]) };
  });
  assert.equal((await reader.trials(experiment(), CALL)).length, 2);
  times = Number.POSITIVE_INFINITY;
  await assert.rejects(reader.trials(experiment(), CALL), {
    code: 'Storage',
    message: /cannot read the trials of a in namespace team .* the token is too old/,
  });
  assert.equal(expired, 4);
});

test('a Trial that this program does not understand is named', async (t) => {
  const strange = { ...item(3), spec: { ...item(3).spec, index: 'three' } };
  const reader = await readerOf(t, () => ({ code: 200, body: page([strange]) }));
  await assert.rejects(reader.trials(experiment(), CALL), {
    code: 'Storage',
    message: /^Trial a-00003 is not as this program writes it: .*index/s,
  });
});
