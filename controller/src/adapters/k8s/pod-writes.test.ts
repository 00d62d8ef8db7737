import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planFor } from '../../domain/testing/pod-plan.ts';
import type { PodRequest } from '../../ports/cluster.ts';
import { ConflictError, TerminalError, WaitError } from '../../ports/errors.ts';
import { PodWrites, type PodWritesOptions } from './pod-writes.ts';

const MINUTE_MS = 60_000;

function request(profile?: object): PodRequest {
  const setup = { trainer: { profile: 'gpu' }, ...(profile === undefined ? {} : { profile }) };
  return { ...planFor(setup), parameters: [] };
}

test('a profile that is missing for a moment ends no trial, however old, and each time anew', async () => {
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  // No Trial is in the cache, so whoever gets past its profile meets a conflict.
  const caches = { trials: { isDoubted: () => false, versionOf: () => undefined } };
  const options = {
    caches,
    client: {},
    clock: { now: () => nowMs },
    defaults: { trainerImage: 'reg/espalier/trainer:1' },
  } as unknown as PodWritesOptions;
  const writes = new PodWrites(options);
  const create = (profile?: object) =>
    writes.create(request(profile), { signal: new AbortController().signal });

  await assert.rejects(create(), WaitError);
  nowMs += MINUTE_MS;
  await assert.rejects(create(), WaitError);
  await assert.rejects(create({}), ConflictError);
  nowMs += 2 * MINUTE_MS;
  await assert.rejects(create(), WaitError, 'it was there meanwhile');
  nowMs += 2 * MINUTE_MS;
  await assert.rejects(create(), TerminalError);
});
