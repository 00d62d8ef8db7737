import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { recordingLog } from '../../runtime/testing/quiet.ts';
import { ApiError } from './api-error.ts';
import { LeaderElection, type Leadership } from './leader.ts';
import type { LeaseRecord, LeaseStore } from './lease-store.ts';

/** A lease in memory; `down` fails or hangs every request. */
class MemoryLease implements LeaseStore {
  record: LeaseRecord | undefined;
  down: 'no' | 'fails' | 'hangs' = 'no';
  writes = 0;
  #version = 0;

  async get(): Promise<LeaseRecord | undefined> {
    await this.#answer();
    return this.record;
  }

  async create(record: LeaseRecord): Promise<LeaseRecord> {
    await this.#answer();
    if (this.record !== undefined) throw conflict('AlreadyExists');
    return this.write(record);
  }

  async update(record: LeaseRecord): Promise<LeaseRecord> {
    await this.#answer();
    if (this.record?.resourceVersion !== record.resourceVersion) throw conflict('Conflict');
    return this.write(record);
  }

  write(record: LeaseRecord): LeaseRecord {
    this.writes++;
    this.#version++;
    this.record = { ...record, resourceVersion: String(this.#version) };
    return this.record;
  }

  async #answer(): Promise<void> {
    if (this.down === 'hangs') await new Promise(() => {});
    if (this.down === 'fails') {
      throw new ApiError('PUT lease', { status: 0, reason: 'ECONNREFUSED', message: 'refused' });
    }
  }
}

function conflict(reason: string): ApiError {
  return new ApiError('PUT lease', { status: 409, reason, message: '409' });
}

interface Candidate {
  readonly election: LeaderElection;
  readonly stop: AbortController;
  /** Leads until this is called, or the lease is lost. */
  readonly finish: () => void;
  readonly leadership: () => Leadership | undefined;
  readonly ended: () => boolean;
}

function candidate(identity: string, store: LeaseStore, clock: FakeClock): Candidate {
  const stop = new AbortController();
  const election = new LeaderElection({
    store,
    clock,
    identity,
    log: recordingLog(),
    random: () => 0.5,
    leaseDurationMs: 15_000,
    renewDeadlineMs: 10_000,
    retryPeriodMs: 2_000,
  });
  let finish = () => {};
  let leadership: Leadership | undefined;
  let ended = false;
  void election
    .run(stop.signal, (held) => {
      leadership = held;
      return new Promise((resolve) => {
        finish = resolve;
        held.signal.addEventListener('abort', () => resolve());
      });
    })
    .then(() => {
      ended = true;
    });
  return {
    election,
    stop,
    finish: () => finish(),
    leadership: () => leadership,
    ended: () => ended,
  };
}

test('the first one leads and renews with one write and no read', async () => {
  const clock = new FakeClock();
  const store = new MemoryLease();
  const a = candidate('a', store, clock);
  await clock.advance(20_000);
  assert.equal(store.record?.holder, 'a');
  assert.ok(a.election.isHeld);
  assert.equal(store.writes, 11);
});

test('F8 the second one leads only after the first has been silent for the whole lease', async () => {
  const clock = new FakeClock();
  const store = new MemoryLease();
  const a = candidate('a', store, clock);
  await clock.advance(1);
  const b = candidate('b', store, clock);
  await clock.advance(60_000);
  assert.equal(b.leadership(), undefined);
  // The first one's machine loses its network: it cannot renew, and it knows.
  store.down = 'hangs';
  await clock.advance(10_000);
  assert.equal(a.leadership()?.signal.aborted, true);
  assert.throws(() => a.election.assertHeld());
  store.down = 'no';
  await clock.advance(20_000);
  assert.ok(b.election.isHeld);
  assert.equal(store.record?.transitions, 1);
});

test('F8 at no moment do two hold the lease, whatever fails and for how long', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const clock = new FakeClock();
    const stores = new MemoryLease();
    const candidates = ['a', 'b', 'c'].map((name) => candidate(name, stores, clock));
    let state = seed;
    for (let at = 0; at < 120; at++) {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      stores.down = (['no', 'no', 'no', 'fails', 'hangs'] as const)[state % 5] ?? 'no';
      await clock.advance(500 + (state % 4000));
      const holders = candidates.filter(({ election }) => election.isHeld);
      assert.ok(holders.length <= 1, `seed ${seed}: ${holders.length} holders`);
    }
  }
});

test('a short outage is survived', async () => {
  const clock = new FakeClock();
  const store = new MemoryLease();
  const a = candidate('a', store, clock);
  await clock.advance(5_000);
  store.down = 'fails';
  await clock.advance(6_000);
  store.down = 'no';
  await clock.advance(30_000);
  assert.equal(a.leadership()?.signal.aborted, false);
  assert.ok(a.election.isHeld);
});

test('somebody else taking the lease by force ends the leadership at once', async () => {
  const clock = new FakeClock();
  const store = new MemoryLease();
  const a = candidate('a', store, clock);
  await clock.advance(3_000);
  store.write({ ...(store.record as LeaseRecord), holder: 'thief' });
  await clock.advance(2_100);
  assert.equal(a.leadership()?.signal.aborted, true);
  assert.equal(store.record?.holder, 'thief');
});

test('an ordered end gives the lease back, so that the next one waits for nothing', async () => {
  const clock = new FakeClock();
  const store = new MemoryLease();
  const a = candidate('a', store, clock);
  await clock.advance(1);
  const b = candidate('b', store, clock);
  await clock.advance(1);
  a.stop.abort();
  await clock.advance(10);
  assert.ok(a.ended());
  assert.equal(store.record?.holder, '');
  await clock.advance(2_500);
  assert.ok(b.election.isHeld);
});

test('F9 a jump of the wall clock changes nothing', async () => {
  const clock = new FakeClock();
  const store = new MemoryLease();
  const a = candidate('a', store, clock);
  await clock.advance(1);
  const jumping = new FakeClock();
  const b = candidate('b', store, Object.assign(jumping, { now: () => 4_000_000_000_000 }));
  await jumping.advance(10_000);
  assert.ok(a.election.isHeld);
  assert.equal(b.leadership(), undefined);
});
