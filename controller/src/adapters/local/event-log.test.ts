import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ObjectEvent } from '../../ports/telemetry.ts';
import { EventLog, readEvents } from './event-log.ts';
import { EventLogger } from './event-logger.ts';
import { Layout } from './layout.ts';
import { systemClock } from './system-clock.ts';

const KEY = { namespace: 'default', name: 'sweep' };
const event = (message: string, name = 'sweep-00003'): ObjectEvent => ({
  kind: name === 'sweep' ? 'Experiment' : 'Trial',
  namespace: 'default',
  name,
  uid: 'uid',
  type: 'Normal',
  reason: 'Tested',
  message,
});

function layoutOf(t: TestContext): Layout {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-events-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return new Layout(dir);
}

test('events of a Trial stand with its Experiment, repeated ones once with their count', (t) => {
  const layout = layoutOf(t);
  const told: number[] = [];
  const log = new EventLog({
    layout,
    clock: systemClock,
    onEvent: ({ count }) => told.push(count),
  });
  for (let i = 0; i < 5; i++) log.emit(event('again'));
  log.emit(event('once', 'sweep'));
  assert.deepEqual(told, [1, 2, 3, 4, 5, 1]);
  const lines = () => readFileSync(layout.eventFile(KEY), 'utf8').trim().split('\n').length;
  assert.equal(lines(), 2, 'the first of each is written at once');
  log.flush();
  assert.equal(lines(), 3);
  appendFileSync(layout.eventFile(KEY), 'broken\n{"half":');
  const wanted = ['once 1', 'again 5'];
  const read = readEvents(layout, KEY).map(({ message, count }) => `${message} ${count}`);
  assert.deepEqual(read, wanted);
  const reopened = new EventLog({ layout, clock: systemClock });
  assert.equal(reopened.events(KEY).length, 2);
});

test('a flood of different events keeps the file and the list bounded', (t) => {
  const layout = layoutOf(t);
  const log = new EventLog({ layout, clock: systemClock });
  for (let i = 0; i < 5000; i++) log.emit(event(`number ${i}`));
  assert.equal(log.events(KEY).length, 500);
  assert.equal(log.events(KEY).at(-1)?.message, 'number 4999');
  const lines = readFileSync(layout.eventFile(KEY), 'utf8').trim().split('\n').length;
  assert.ok(lines <= 2000, `${lines} lines`);
  assert.equal(readEvents(layout, KEY).at(-1)?.message, 'number 4999');
});

test('a failed reconcile becomes a warning about its object', () => {
  const events: ObjectEvent[] = [];
  const log = new EventLogger({ emit: (one) => events.push(one) });
  const about = log.with({ controller: 'trial', object: 'default/sweep-00001' });
  about.error('reconcile failed', { error: 'the disk is full' });
  about.info('reconciled');
  log.warn('about nothing');
  assert.deepEqual(events, [
    {
      kind: 'Trial',
      namespace: 'default',
      name: 'sweep-00001',
      uid: '',
      type: 'Warning',
      reason: 'ReconcileFailed',
      message: 'reconcile failed: the disk is full',
    },
  ]);
});
