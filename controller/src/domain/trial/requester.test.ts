import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ended as endedPod, pod } from '../testing/builders.ts';
import { judgeRequester } from './requester.ts';

const ASKER = { namespace: 'team', attempt: 1 };
const live = (attempt: number) => pod({ attempt });
const ended = (attempt: number) => endedPod({}, { attempt });

const cases: Record<
  string,
  { pods: ReturnType<typeof pod>[]; asker?: Partial<typeof ASKER>; want: string }
> = {
  'the pod that runs': { pods: [ended(0), live(1)], want: 'current' },
  'a pod that was told to end still has files to save': {
    pods: [{ ...live(1), deletingSinceMs: 1 }],
    want: 'current',
  },
  'a pod that is not in the cache yet is told nothing': { pods: [ended(0)], want: 'unknown' },
  'nor is one of a trial that nobody knows': { pods: [], want: 'unknown' },
  'an ended pod': { pods: [ended(1)], want: 'AttemptEnded' },
  'an attempt before the one that runs': {
    pods: [live(1)],
    asker: { attempt: 0 },
    want: 'AttemptEnded',
  },
  'an earlier pod that shows no end, beside a later one': {
    pods: [live(1), live(2)],
    want: 'AttemptEnded',
  },
  'a subject of another namespace': {
    pods: [live(1)],
    asker: { namespace: 'other' },
    want: 'OtherNamespace',
  },
};
for (const [name, { pods, asker, want }] of Object.entries(cases)) {
  test(`G1 G13 who may ask: ${name}: ${want}`, () => {
    const judged = judgeRequester(pods, { ...ASKER, ...asker });
    assert.equal(judged.kind === 'refused' ? judged.reason : judged.kind, want);
  });
}
