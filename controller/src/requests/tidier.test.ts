import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttemptPlace } from '../domain/artifacts/keys.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { recordingLog } from '../runtime/testing/quiet.ts';
import { Tidier } from './tidier.ts';

const place = (trialUid: string, attempt = 0): AttemptPlace => {
  return { experiment: { namespace: 'team', name: 'a', uid: 'u' }, index: 0, trialUid, attempt };
};

test('U16 a trial is tidied a minute after its manifest, once for all of that minute, and on after a failure', async () => {
  const clock = new FakeClock();
  const log = recordingLog();
  const tidied: string[] = [];
  const counted: string[] = [];
  const tidier = new Tidier({
    clock,
    log,
    dropSuperseded: async ({ trialUid, attempt }) => {
      tidied.push(`${trialUid}-${attempt}`);
      if (trialUid === 'b') throw new Error('503');
      return trialUid === 'c' ? 0 : 2;
    },
    onDropped: ({ trialUid }) => counted.push(trialUid),
  });
  const stop = new AbortController();
  const done = tidier.run(stop.signal);
  for (const uid of ['a', 'b', 'c']) tidier.add(place(uid));
  await clock.advance(30_000);
  tidier.add(place('a', 1));
  await clock.advance(29_000);
  assert.deepEqual(tidied, []);
  await clock.advance(2_000);
  assert.deepEqual(tidied, ['a-1', 'b-0', 'c-0'], 'of the newest attempt');
  assert.deepEqual(counted, ['a'], 'what was deleted makes room');
  assert.equal(log.lines.length, 1);
  await clock.advance(600_000);
  assert.equal(tidied.length, 3);
  stop.abort();
  await done;
});
