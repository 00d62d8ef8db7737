import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Experiment } from '@espalier/api';
import { ObjectStore } from '../../../controller/src/adapters/s3/object-store.ts';
import { ArtifactKeys } from '../../../controller/src/domain/artifacts/keys.ts';
import { usedGrants } from '../../kit/audit-log.ts';
import { type FaultProxy, startFaultProxy } from '../../kit/fault-proxy.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { startVersitygw, type Versitygw } from '../../kit/versitygw.ts';
import { waitFor } from '../../kit/wait.ts';
import { experimentEnded, makeNamespace, podsIn, trialsIn } from './objects.ts';
import { ACCOUNT, podsRun, REPORT, UNTIL_GO, useProcessRig } from './process-rig.ts';

const CALL = { signal: new AbortController().signal };
const MIB = 2 ** 20;

describe('the log of a pod', { skip: whyNoTools(), timeout: 120_000 }, () => {
  const keys = new ArtifactKeys('');
  let [s3, proxy, store]: [Versitygw?, FaultProxy?, ObjectStore?] = [];
  const rig = useProcessRig('logs', async () => {
    const server = await startVersitygw();
    s3 = server;
    proxy = await startFaultProxy({ upstream: server.url });
    const { bucket, region, credentials } = server;
    const options = { bucket, region, credentials, pathStyle: true };
    store = new ObjectStore({ ...options, endpoint: server.url });
    return { s3: { ...options, endpoint: proxy.url, prefix: '', attemptQuotaBytes: 2 ** 40 } };
  });
  after(async () => {
    store?.close();
    await proxy?.close();
    await s3?.stop();
  });

  async function logKey(namespace: string): Promise<string> {
    const [trial] = await trialsIn(rig.client, namespace);
    const owner = trial?.metadata.ownerReferences?.[0];
    assert.ok(trial !== undefined && owner !== undefined);
    const experiment = { namespace, name: 'e', uid: owner.uid };
    const { uid: trialUid } = trial.metadata;
    return keys.attemptFile({ experiment, index: 0, trialUid, attempt: 0 }, 'log.txt');
  }

  /** The log that was kept of the first attempt of the only Trial. */
  async function keptLog(namespace: string): Promise<string | undefined> {
    const found = await store?.get(await logKey(namespace), 2 * MIB, CALL);
    return found?.body.toString();
  }

  /** Resolves once every pod of the namespace was let go: its log is kept, or lost. */
  async function letGo(namespace: string): Promise<void> {
    await waitFor(
      async () => {
        const { items } = await podsIn(rig.client, namespace);
        return items.every(({ metadata }) => (metadata.finalizers ?? []).length === 0);
      },
      { what: `the pods of ${namespace} are let go` },
    );
  }

  async function ended(namespace: string): Promise<Experiment> {
    const experiment = await experimentEnded(rig.client, namespace, 'e');
    await letGo(namespace);
    return experiment;
  }

  /** Requests for logs so far. */
  const reads = () => rig.proxy.requests.filter(({ path }) => path.includes('/log?')).length;

  test('F16 G2 a trainer that failed, and one that was killed out of memory, leave what they printed', async (context) => {
    await makeNamespace(rig.client, 'failed');
    await rig.run('failed', 'echo first; echo "last words" >&2; exit 1');
    await makeNamespace(rig.client, 'oom');
    await rig.run('oom', `echo growing; ${UNTIL_GO}`);
    const [pod = ''] = await podsRun(rig.client, 'oom', 1);
    rig.node.container('oom', pod).runOutOfMemory();
    for (const [namespace, want] of [
      ['failed', 'first\nlast words\n'],
      ['oom', 'growing\n'],
    ] as const) {
      assert.equal((await ended(namespace)).status?.phase, 'Failed');
      assert.equal(await keptLog(namespace), want);
    }
    const [trial] = await trialsIn(rig.client, 'oom');
    assert.equal(trial?.status?.reason, 'OOMKilled');
    context.diagnostic(`2 logs kept whole, ${reads()} reads`);
  });

  test('of a long log the last MiB stays', async () => {
    await makeNamespace(rig.client, 'long');
    const lines = `head -c ${3 * MIB} /dev/zero | tr '\\0' x | fold -w 99; echo`;
    await rig.run('long', `${lines}; echo the end; exit 1`);
    await ended('long');
    const text = await keptLog('long');
    assert.equal(text?.length, MIB);
    assert.ok(text.endsWith('xxx\nthe end\n'));
  });

  test('a trainer that did well leaves its log too, and its own is left alone', async () => {
    await makeNamespace(rig.client, 'plain');
    await rig.run('plain', `echo fine; ${REPORT}`);
    await ended('plain');
    assert.equal(await keptLog('plain'), 'fine\n');

    await makeNamespace(rig.client, 'own');
    await rig.run('own', `echo printed; ${UNTIL_GO}; ${REPORT}`);
    const [pod = ''] = await podsRun(rig.client, 'own', 1);
    const before = reads();
    await store?.put(await logKey('own'), Buffer.from('its own\n'), undefined, CALL);
    rig.go('own', pod);
    await ended('own');
    assert.deepEqual([await keptLog('own'), reads() - before], ['its own\n', 0]);
  });

  test('F13 F15 neither a store that refuses nor a node that is silent holds a pod back', async (context) => {
    const warnings = () =>
      rig.program.log.lines.filter(({ message }) => message === 'the log of a pod is lost');
    const silent = rig.proxy.addRule({
      match: { path: /\/namespaces\/silent\/pods\/.*\/log\?/ },
      fault: { kind: 'answer', status: 500 },
    });
    await makeNamespace(rig.client, 'silent');
    await rig.run('silent', 'exit 1', { trials: { max: 2, parallel: 2 } });
    await ended('silent');
    silent();
    assert.equal(await keptLog('silent'), undefined);
    assert.equal(warnings().length, 1);

    proxy?.addRule({
      match: { path: /refused/ },
      fault: { kind: 'answer', status: 403, body: '' },
    });
    await makeNamespace(rig.client, 'refused');
    // Nothing of its files waits for the store.
    const artifacts = { keep: 'all' } as const;
    await rig.run('refused', 'exit 1', { artifacts, trials: { max: 2, parallel: 2 } });
    await waitFor(
      async () => {
        const trials = await trialsIn(rig.client, 'refused');
        return trials.filter(({ status }) => status?.phase === 'Failed').length === 2;
      },
      { what: 'both have failed' },
    );
    await letGo('refused');
    const told = warnings();
    context.diagnostic(told.map(({ fields }) => JSON.stringify(fields)).join('\n'));
    assert.equal(told.length, 2);
  });

  test('G13 the controller reads logs of pods, and was forbidden nothing', () => {
    const entries = rig.plane.auditEntries();
    assert.ok(usedGrants(entries, ACCOUNT).includes('get pods/log'));
    const forbidden = entries.filter(({ user, code }) => user === ACCOUNT && code === 403);
    assert.deepEqual(forbidden, []);
  });
});
