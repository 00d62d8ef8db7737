import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArtifactKeys } from './keys.ts';
import { decideUpload, grantedWith, type UploadFacts, type UploadRequest } from './upload.ts';

const keys = new ArtifactKeys('espalier');
const trialUid = '3f8e1c52-0000-4000-8000-000000000002';
const uid = '3f8e1c52-0000-4000-8000-000000000001';
const REQUEST: UploadRequest = {
  namespace: 'team',
  trialUid,
  attempt: 1,
  path: 'metrics.csv',
  size: 100,
  sha256: 'a'.repeat(64),
};
const TRIAL = {
  experiment: { namespace: 'team', name: 'a', uid },
  uid: trialUid,
  index: 3,
  currentAttempt: 1,
};
const FACTS: UploadFacts = { trial: TRIAL, granted: new Map(), quotaBytes: 1_000 };
const extras = (count: number) =>
  new Map(Array.from({ length: count }, (_, i) => [`extra/${i}.png`, 1]));

const cases: Record<
  string,
  { request?: Partial<UploadRequest>; facts?: Partial<UploadFacts>; want: string }
> = {
  'the current attempt may put its file': { want: 'granted' },
  'a trial that is not there': { facts: { trial: undefined }, want: 'UnknownTrial' },
  'another trial': { request: { trialUid: uid }, want: 'UnknownTrial' },
  'another namespace': { request: { namespace: 'other' }, want: 'OtherNamespace' },
  'an earlier attempt': { request: { attempt: 0 }, want: 'NotCurrentAttempt' },
  'an ended trial': {
    facts: { trial: { ...TRIAL, currentAttempt: undefined } },
    want: 'NotCurrentAttempt',
  },
  'a path out of the folder': { request: { path: '../a0/log.txt' }, want: 'InvalidPath' },
  'the pointer to the best': { request: { path: 'best.json' }, want: 'InvalidPath' },
  'a negative size': { request: { size: -1 }, want: 'InvalidSize' },
  'a size that is no number': { request: { size: Number.NaN }, want: 'InvalidSize' },
  'more than one PUT carries': { request: { size: 5 * 2 ** 30 + 1 }, want: 'InvalidSize' },
  'a digest in capitals': { request: { sha256: 'A'.repeat(64) }, want: 'InvalidDigest' },
  'the quota used up': { facts: { granted: new Map([['log.txt', 901]]) }, want: 'QuotaExceeded' },
  'the quota filled exactly': { facts: { granted: new Map([['log.txt', 900]]) }, want: 'granted' },
  'the same file again': { facts: { granted: new Map([['metrics.csv', 1_000]]) }, want: 'granted' },
  'the 101st extra file': {
    request: { path: 'extra/new.png' },
    facts: { granted: extras(100) },
    want: 'TooManyExtraFiles',
  },
  'one of the 100 extra files again': {
    request: { path: 'extra/7.png' },
    facts: { granted: extras(100) },
    want: 'granted',
  },
};
for (const [name, { request, facts, want }] of Object.entries(cases)) {
  test(`G13 upload: ${name}: ${want}`, () => {
    const decision = decideUpload(keys, { ...REQUEST, ...request }, { ...FACTS, ...facts });
    assert.equal(decision.kind === 'granted' ? 'granted' : decision.reason, want);
    if (decision.kind !== 'granted') return;
    assert.ok(decision.key.startsWith(`espalier/team/a-${uid}/trials/00003-${trialUid}/a1/`));
  });
}

test('asking again for a file counts its largest size once', () => {
  const twice = grantedWith(grantedWith(new Map(), 'log.txt', 7), 'log.txt', 5);
  assert.deepEqual([...twice], [['log.txt', 7]]);
});
