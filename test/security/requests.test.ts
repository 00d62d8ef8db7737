import { test } from 'node:test';
import type { TrainerAnswer } from '@espalier/api';
import fc from 'fast-check';
import { serveRequests } from '../../controller/src/adapters/nats/request-server.ts';
import { ArtifactKeys } from '../../controller/src/domain/artifacts/keys.ts';
import { experiment, pod, trial } from '../../controller/src/domain/testing/builders.ts';
import type { Logger } from '../../controller/src/ports/telemetry.ts';
import { RequestAnswerer } from '../../controller/src/requests/answer.ts';
import { casesOf } from './cases.ts';
import { fuzz } from './fuzzing.ts';
import { hostileText } from './hostile-text.ts';
import { hostileJson } from './hostile-values.ts';

const UID = '00000000-0000-4000-8000-00000000000';
const OWNER = {
  apiVersion: 'espalier.dev/v1alpha1',
  kind: 'Experiment',
  name: 'a',
  controller: true,
};
const SILENT: Logger = { info: () => {}, warn: () => {}, error: () => {}, with: () => SILENT };
const SHA = 'a'.repeat(64);

test('G12 G13 a request of a trainer gets an answer, and none leads out of its own folder', async (t) => {
  const keys = new ArtifactKeys('espalier');
  const own = experiment({ data: { s3: { key: 'set.tar' } } }, (object) => ({
    ...object,
    metadata: { ...object.metadata, name: 'a', namespace: 'team', uid: `${UID}1` },
  }));
  const mine = trial('a-00000', (object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      namespace: 'team',
      uid: `${UID}2`,
      ownerReferences: [{ ...OWNER, uid: `${UID}1` }],
    },
  }));
  const attempt = pod({ namespace: 'team', name: 'a-00000-a0', trialUid: `${UID}2`, attempt: 0 });
  const signed: string[] = [];
  const sign = async (key: string) => {
    signed.push(key);
    return { url: `https://s3.example/${key}`, headers: {} };
  };
  const answerer = new RequestAnswerer({
    cluster: {
      podsOf: (uid) => (uid === `${UID}2` ? [attempt] : []),
      trial: () => mine,
      experiment: () => own,
      profile: () => undefined,
    },
    receipts: {
      progressOf: () => ({ contiguousTo: 1, hasStarted: true, hasFinished: false }),
    },
    store: {
      keys,
      quotaBytes: 2 ** 30,
      signer: { put: ({ key }) => sign(key), get: sign },
      objects: {
        head: async () => ({ size: 1, etag: 'e', sha256: SHA }),
        get: async () => ({ body: Buffer.from(`${SHA}\n`), etag: 'e' }),
        async *list() {},
      },
    },
    clock: { now: () => 0 },
    log: SILENT,
  });
  const call = { signal: new AbortController().signal };
  const requests = [
    { kind: 'upload', path: 'extra/a.txt', size: 10, sha256: SHA },
    { kind: 'upload', path: 'checkpoint-7/model.safetensors', size: 10, sha256: SHA },
    { kind: 'inputs' },
    { kind: 'read', source: 'data', path: '' },
    { kind: 'read', source: 'resume', path: 'manifest-7.json' },
    { kind: 'sync' },
  ];
  const subject = `espalier.rpc.v1.team.${UID}2-0`;
  const inbox = `_INBOX.${UID}2-0.abc`;
  const published: [string, string][] = [];
  let deliver: (request: { subject: string; data: Uint8Array; reply?: string }) => void = () => {};
  const { counts } = serveRequests(
    {
      subscribe: (_subject, handler) => {
        deliver = handler as typeof deliver;
        return () => {};
      },
      publish: (reply, text) => void published.push([reply, String(text)]),
    },
    (from, text) => answerer.answerText(from, text, call),
  );
  await fuzz(t, {
    input: fc.record({
      text: hostileJson(requests),
      subject: fc.oneof({ weight: 5, arbitrary: fc.constant(subject) }, hostileText([subject])),
      reply: fc.oneof({ weight: 5, arbitrary: fc.constant(inbox) }, hostileText([inbox])),
    }),
    cases: casesOf('requests of trainers'),
    read: async (one) => {
      signed.length = 0;
      published.length = 0;
      deliver({ subject: one.subject, data: Buffer.from(one.text), reply: one.reply });
      await new Promise((resolve) => setImmediate(resolve));
      for (const key of signed) {
        const isOwn = key.startsWith(`espalier/team/a-${UID}1/trials/00000-${UID}2/a0/`);
        if (!isOwn && key !== 'espalier/team/datasets/set.tar') throw new Error(`it signs ${key}`);
        if (key.includes('..')) throw new Error(`it signs ${key}`);
      }
      return published.map(([reply, text]) => {
        if (!reply.startsWith(`_INBOX.${UID}2-0.`)) throw new Error(`it answers to ${reply}`);
        return JSON.parse(text) as TrainerAnswer;
      });
    },
  });
  t.diagnostic(
    `${counts.answered} answered, ${counts.refused} refused by subject or reply, ${counts.failed} failed`,
  );
  if (counts.failed > 0) throw new Error(`${counts.failed} requests failed inside`);
});
