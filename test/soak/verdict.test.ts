import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experiment, experimentStatus } from '../../controller/src/domain/testing/builders.ts';
import { type Facts, verdict } from './verdict.ts';
import { job } from './workload.ts';

const EMPTY = { ...job(0, ['node']), trials: 0 };
const SOUND: Facts = {
  ended: [
    {
      job: EMPTY,
      experiment: experiment({}, experimentStatus({ phase: 'Succeeded' })),
      trials: [],
    },
  ],
  account: { sent: 9, folded: 9, stored: 9, lost: 0, duplicates: 0, unfinished: 1, wrong: [] },
  podsTwice: [],
  peaks: new Map([[EMPTY.name, 2]]),
  left: { objects: [], streams: 1, consumers: 1, messages: 7, uploads: [], files: [] },
  memory: { lives: 2, seconds: 3_600, slope: { resident: 0.1, heap: -0.1 }, maxMib: 190 },
};

test('a soak that lost nothing, made nothing twice and left nothing is sound', () => {
  assert.deepEqual(verdict(SOUND), []);
});

const { account, left, memory } = SOUND;
const growing = { ...memory, slope: { resident: 1.1, heap: 0.1 } };
const WRONG: Record<string, { facts: Partial<Facts>; says: string }> = {
  'a silent soak': { facts: { account: { ...account, sent: 0 } }, says: 'nothing was sent' },
  'a lost point': { facts: { account: { ...account, lost: 1 } }, says: '1 points were lost' },
  'a duplicate': {
    facts: { account: { ...account, duplicates: 2 } },
    says: '2 points are there twice',
  },
  'a wrong value': { facts: { account: { ...account, wrong: ['no'] } }, says: 'no' },
  'a name of two pods': { facts: { podsTwice: ['e-a0'] }, says: 'e-a0 was given to two pods' },
  'a pod too many': {
    facts: { peaks: new Map([[EMPTY.name, 3]]) },
    says: 'soak-0000 had 3 pods at once',
  },
  'an object of a trial': {
    facts: { left: { ...left, objects: ['Secret a'] } },
    says: 'Secret a is left',
  },
  'a stream too many': {
    facts: { left: { ...left, streams: 2 } },
    says: 'there are 2 streams, not 1',
  },
  'a consumer of a controller that is gone': {
    facts: { left: { ...left, consumers: 2 } },
    says: 'there are 2 consumers, not 1',
  },
  'an upload without an end': {
    facts: { left: { ...left, uploads: ['k'] } },
    says: 'the upload of k was never ended',
  },
  'a file of a deleted Experiment': {
    facts: { left: { ...left, files: ['k'] } },
    says: 'k is still in the store',
  },
  'a controller that takes too much': {
    facts: { memory: { ...memory, maxMib: 400 } },
    says: 'a controller took 400 MiB',
  },
  'a controller that told nothing': {
    facts: { memory: { ...memory, maxMib: 0 } },
    says: 'a controller took 0 MiB',
  },
  'a controller that grows': {
    facts: { memory: growing },
    says: 'a controller grows by 1.1 MiB (resident) a minute',
  },
  'a controller whose objects become more': {
    facts: { memory: { ...memory, slope: { resident: 0, heap: 0.6 } } },
    says: 'a controller grows by 0.6 MiB (heap) a minute',
  },
};
for (const [name, { facts, says }] of Object.entries(WRONG)) {
  test(`${name} is wrong`, () => {
    assert.deepEqual(verdict({ ...SOUND, ...facts }), [says]);
  });
}

test('a few minutes tell nothing about growth', () => {
  assert.deepEqual(verdict({ ...SOUND, memory: { ...growing, seconds: 200 } }), []);
});
