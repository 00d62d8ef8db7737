import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObjectEvent } from '../../ports/telemetry.ts';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { recordingLog } from '../../runtime/testing/quiet.ts';
import { EventRecorder } from './events.ts';
import type { ObjectClient } from './object-client.ts';

interface Written {
  readonly verb: 'create' | 'patch';
  readonly name: string;
  readonly body: Record<string, unknown>;
}

function setup() {
  const written: Written[] = [];
  const clock = new FakeClock();
  const client = {
    create: async (_resource: unknown, _namespace: string, body: Record<string, unknown>) => {
      written.push({ verb: 'create', name: (body['metadata'] as { name: string }).name, body });
      return body;
    },
    mergePatch: async (
      _resource: unknown,
      { name }: { name: string },
      body: Record<string, unknown>,
    ) => {
      written.push({ verb: 'patch', name, body });
      return body;
    },
  } as unknown as ObjectClient;
  const recorder = new EventRecorder({
    client,
    clock,
    log: recordingLog(),
    controller: 'espalier.dev/controller',
    instance: 'pod-1',
  });
  return { written, clock, recorder };
}

const event = (message: string, uid = 'u1'): ObjectEvent => ({
  kind: 'Trial',
  namespace: 'ns',
  name: 'exp-00001',
  uid,
  type: 'Warning',
  reason: 'Disrupted',
  message,
});

test('an event becomes an Event', async () => {
  const { written, recorder } = setup();
  recorder.emit(event('the node went'));
  await recorder.flush();
  assert.equal(written.length, 1);
  const { eventTime, metadata, ...body } = written[0]?.body ?? {};
  assert.match(String(eventTime), /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$/);
  assert.match(written[0]?.name ?? '', /^exp-00001\.[0-9a-f]{16}$/);
  assert.deepEqual(body, {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    reportingController: 'espalier.dev/controller',
    reportingInstance: 'pod-1',
    action: 'Disrupted',
    reason: 'Disrupted',
    type: 'Warning',
    note: 'the node went',
    regarding: {
      apiVersion: 'espalier.dev/v1alpha1',
      kind: 'Trial',
      namespace: 'ns',
      name: 'exp-00001',
      uid: 'u1',
    },
  });
});

test('the same event again is counted and not repeated', async () => {
  const { written, clock, recorder } = setup();
  for (let i = 0; i < 100; i++) {
    recorder.emit(event('again'));
    await clock.advance(1_000);
  }
  await recorder.flush();
  assert.deepEqual(
    written.map(({ verb }) => verb),
    ['create', 'patch', 'patch', 'patch'],
  );
  assert.equal(new Set(written.map(({ name }) => name)).size, 1);
  const { series } = written.at(-1)?.body ?? {};
  assert.equal((series as { count: number }).count, 91);
});

test('after a long silence the same event is a new one', async () => {
  const { written, clock, recorder } = setup();
  recorder.emit(event('again'));
  await clock.advance(400_000);
  recorder.emit(event('again'));
  await recorder.flush();
  assert.equal(new Set(written.map(({ name }) => name)).size, 2);
});

test('good news cannot drown a warning', async () => {
  const { written, recorder } = setup();
  for (let i = 0; i < 500; i++) {
    recorder.emit({ ...event('it went well', `u${i}`), type: 'Normal' });
  }
  recorder.emit({ ...event('it broke', 'last'), type: 'Warning' });
  await recorder.flush();
  assert.deepEqual(
    written.filter(({ body }) => body['type'] === 'Warning').map(({ body }) => body['note']),
    ['it broke'],
  );
  assert.equal(recorder.dropped, 475);
});

test('one object cannot drown the others', async () => {
  const { written, recorder } = setup();
  for (let i = 0; i < 500; i++) recorder.emit(event(`noise ${i}`));
  recorder.emit(event('news', 'u2'));
  await recorder.flush();
  assert.equal(written.length, 26);
  assert.equal(recorder.dropped, 475);
});

test('all objects together cannot flood the API server', async () => {
  const { written, recorder } = setup();
  for (let i = 0; i < 500; i++) recorder.emit(event('noise', `u${i}`));
  await recorder.flush();
  assert.equal(written.length, 100);
});
