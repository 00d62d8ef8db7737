import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeTrialView, encodeTrialView, parseRequest } from './wire.ts';

const key = { namespace: 'default', name: 'sweep' };

test('requests are read, and whatever is none is refused', () => {
  for (const request of [
    { method: 'experiments' },
    { method: 'trials', key },
    { method: 'setDesiredState', key, state: 'Pause' },
  ]) {
    assert.deepEqual(parseRequest(JSON.stringify(request)), request);
  }
  for (const line of [
    '',
    'null',
    '[]',
    '{',
    '{"method":"constructor","key":{"namespace":"a","name":"b"}}',
    '{"method":"trials"}',
    '{"method":"trials","key":{"namespace":"..","name":"x"}}',
    '{"method":"trials","key":{"namespace":"a","name":"../x"}}',
    '{"method":"setDesiredState","key":{"namespace":"a","name":"b"},"state":"Destroy"}',
  ]) {
    assert.throws(() => parseRequest(line), { code: 'InvalidSpec' }, line);
  }
});

test('NaN and infinity survive the way through JSON', () => {
  const metrics = { loss: Number.NaN, acc: 0.5, big: Number.NEGATIVE_INFINITY };
  const live = { pid: 1, attempt: 0, startedMs: 0, step: 1, epoch: 1, metrics };
  const view = { trial: {} as never, live };
  const sent = JSON.parse(JSON.stringify(encodeTrialView(view)));
  assert.deepEqual(decodeTrialView(sent), view);
});
