import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArtifactKeys, type AttemptPlace } from '../domain/artifacts/keys.ts';
import { GrantedByAttempt } from './granted.ts';

const uid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const placeOf = (index: number): AttemptPlace => ({
  experiment: { namespace: 'team-a', name: 'e', uid: uid(0) },
  index,
  trialUid: uid(index + 1),
  attempt: 0,
});
const call = { signal: new AbortController().signal };

/** A store whose every attempt holds one file; counts the lists of each. */
function newStore() {
  const lists: number[] = [];
  const keys = new ArtifactKeys('');
  const objects = {
    isAway: false,
    async *list(root: string) {
      lists.push(Number(/trials\/(\d+)-/.exec(root)?.[1]));
      if (objects.isAway) throw new Error('away');
      yield [{ key: `${root}log.txt`, size: 5, etag: '' }];
    },
  };
  return { lists, keys, objects };
}

test('an attempt is listed once, and again after it was forgotten', async () => {
  const { lists, keys, objects } = newStore();
  const granted = new GrantedByAttempt(objects, keys);
  (await granted.of(placeOf(0), call)).add('metrics.csv', 7);
  assert.equal((await granted.of(placeOf(0), call)).count, 2);
  granted.forget(placeOf(0));
  assert.equal((await granted.of(placeOf(0), call)).count, 1);
  assert.deepEqual(lists, [0, 0]);
});

test('beyond the bound whoever asked longest ago is forgotten, and nobody else', async () => {
  const { lists, keys, objects } = newStore();
  // Each attempt weighs its one file and itself.
  const granted = new GrantedByAttempt(objects, keys, 6);
  for (const index of [0, 1, 2, 0, 3, 0, 2, 3, 1]) await granted.of(placeOf(index), call);
  assert.deepEqual(lists, [0, 1, 2, 3, 1]);
  // What was granted since counts when its attempt asks the next time.
  const files = await granted.of(placeOf(1), call);
  for (const path of ['metrics.csv', 'steps.csv']) files.add(path, 7);
  await granted.of(placeOf(1), call);
  await granted.of(placeOf(3), call);
  assert.deepEqual(lists, [0, 1, 2, 3, 1]);
  await granted.of(placeOf(2), call);
  assert.deepEqual(lists, [0, 1, 2, 3, 1, 2]);
});

test('a store that is away is asked again', async () => {
  const { lists, keys, objects } = newStore();
  const granted = new GrantedByAttempt(objects, keys);
  objects.isAway = true;
  await assert.rejects(granted.of(placeOf(0), call), /away/);
  objects.isAway = false;
  assert.equal((await granted.of(placeOf(0), call)).count, 1);
  assert.deepEqual(lists, [0, 0]);
});
