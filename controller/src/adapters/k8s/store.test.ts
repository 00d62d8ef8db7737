import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RawObject } from './raw-object.ts';
import { Store } from './store.ts';

interface Kept {
  readonly name: string;
  readonly order: number;
  readonly text: string;
}

const KEY = { namespace: 'ns', name: 'a' };

function raw(
  name: string,
  version: number,
  text = '',
  uid = `uid-${name}`,
  owner = 'o',
): RawObject {
  return {
    metadata: {
      name,
      namespace: 'ns',
      uid,
      resourceVersion: String(version),
      ownerReferences: [{ apiVersion: 'x', kind: 'X', name: 'x', uid: owner, controller: true }],
    },
    text,
  };
}

function setup() {
  const changes: string[] = [];
  const store = new Store<Kept>({
    narrow: (object) =>
      object['text'] === 'damaged'
        ? undefined
        : {
            name: object.metadata.name,
            order: Number(/\d+/.exec(object.metadata.name)?.[0] ?? 0),
            text: String(object['text']),
          },
    order: (kept) => kept.order,
    differs: (before, after) => before.text !== after.text,
    onChange: (key, before, after) =>
      changes.push(`${key.name}: ${before?.text ?? '-'} > ${after?.text ?? '-'}`),
  });
  return { store, changes, sink: store.sink('ns') };
}

test('G1 F7 an event older than our own write is not shown', () => {
  const { store, sink } = setup();
  sink.apply(raw('a', 10, 'first'), false);
  store.put(raw('a', 12, 'ours'));
  sink.apply(raw('a', 11, 'theirs'), false);
  assert.equal(store.get(KEY)?.text, 'ours');
  sink.apply(raw('a', 13, 'later'), false);
  assert.equal(store.get(KEY)?.text, 'later');
});

test('an answer that shows the object as it went is its last: it is not there any more', () => {
  const { store, sink, changes } = setup();
  const { metadata, ...rest } = raw('a', 12, 'ours');
  const going = { ...metadata, deletionTimestamp: '2026-11-24T12:00:00Z', finalizers: ['f'] };
  const put = (meta: object) => store.put({ ...rest, metadata: { ...going, ...meta } });
  put({});
  put({ resourceVersion: '13', finalizers: [], deletionGracePeriodSeconds: 30 });
  assert.equal(store.get(KEY)?.text, 'ours', 'a finalizer or a grace period holds it');
  // With the version that it had: nothing was stored, it was deleted instead.
  assert.equal(put({ resourceVersion: '13', finalizers: [] })?.text, 'ours');
  assert.equal(store.get(KEY), undefined);
  sink.apply({ ...rest, metadata: { ...going, resourceVersion: '12' } }, false);
  assert.equal(store.get(KEY), undefined);
  assert.deepEqual(changes, ['a: - > ours', 'a: ours > -']);
});

test('G1 F7 a list made before our own create does not undo it', () => {
  const { store, sink } = setup();
  store.put(raw('a', 12, 'ours'));
  sink.swap([], '11', false);
  assert.equal(store.get(KEY)?.text, 'ours');
  sink.swap([], '13', false);
  assert.equal(store.get(KEY), undefined);
});

test('F6 a missing DELETED is made good by the next list', () => {
  const { store, sink, changes } = setup();
  sink.apply(raw('a', 10, 'x'), false);
  sink.swap([raw('b', 11, 'y')], '20', false);
  assert.deepEqual(changes, ['a: - > x', 'b: - > y', 'a: x > -']);
  assert.equal(store.size, 1);
});

test('F6 a duplicate ADDED changes nothing, also after the deletion', () => {
  const { store, sink, changes } = setup();
  sink.apply(raw('a', 10, 'x'), false);
  sink.apply(raw('a', 10, 'x'), false);
  sink.apply(raw('a', 11, 'x'), true);
  sink.apply(raw('a', 10, 'x'), false);
  assert.deepEqual(changes, ['a: - > x', 'a: x > -']);
  assert.equal(store.size, 0);
});

test('an answer that arrives after the news of the deletion does not bring the object back', () => {
  const { store, sink } = setup();
  sink.apply(raw('a', 10, 'x'), false);
  sink.apply(raw('a', 12, 'x'), true);
  store.put(raw('a', 11, 'x'));
  assert.equal(store.size, 0);
});

test('F20 an object that lost and got back its label comes back, in a younger state only', () => {
  const { store, sink } = setup();
  sink.apply(raw('a', 10, 'x'), false);
  sink.apply(raw('a', 12, 'x'), true);
  sink.apply(raw('a', 11, 'x'), false);
  assert.equal(store.size, 0);
  store.put(raw('a', 12, 'without'));
  assert.equal(store.get(KEY)?.text, 'without');
  sink.swap([], '20', false);
  sink.apply(raw('a', 21, 'with'), false);
  assert.equal(store.get(KEY)?.text, 'with');
  store.drop(KEY, raw('a', 21).metadata.uid);
  sink.apply(raw('a', 22, 'with'), false);
  assert.equal(store.size, 0, 'the API server itself said that it is gone');
});

test('an object of the same name with another uid takes the place of the one before', () => {
  const { store, sink } = setup();
  sink.apply(raw('a', 10, 'old', 'u1'), false);
  sink.apply(raw('a', 14, 'new', 'u2'), false);
  sink.apply(raw('a', 13, 'old', 'u1'), true);
  assert.equal(store.get(KEY)?.text, 'new');
});

test('G1 F7 after a restored backup the server is believed again', () => {
  const { store, sink } = setup();
  store.put(raw('a', 50, 'ours'));
  sink.swap([raw('a', 20, 'restored')], '30', true);
  assert.equal(store.get(KEY)?.text, 'restored');
  assert.ok(store.isDoubted(KEY), 'but not enough to create anything because of it');
});

test('a list of one namespace leaves the others alone', () => {
  const { store, sink } = setup();
  sink.apply(raw('a', 10, 'x'), false);
  store.sink('other').swap([], '20', false);
  assert.equal(store.size, 1);
});

test('children are sorted, and the array is the same until one changes', () => {
  const { store, sink } = setup();
  for (const name of ['t10', 't2', 't1']) sink.apply(raw(name, 5, 'x'), false);
  const before = store.childrenOf('o');
  assert.deepEqual(
    before.map((kept) => kept.name),
    ['t1', 't2', 't10'],
  );
  assert.equal(store.childrenOf('o'), before);
  sink.apply(raw('t2', 6, 'y'), false);
  assert.deepEqual(
    before.map((kept) => kept.text),
    ['x', 'x', 'x'],
  );
  assert.deepEqual(
    store.childrenOf('o').map((kept) => kept.text),
    ['x', 'y', 'x'],
  );
  sink.apply(raw('t1', 7, 'x'), true);
  assert.equal(store.childrenOf('o').length, 2);
});

test('G12 a damaged object is not there, and comes back once it is whole', () => {
  const { store, sink } = setup();
  sink.apply(raw('a', 10, 'x'), false);
  sink.apply(raw('a', 11, 'damaged'), false);
  assert.equal(store.size, 0);
  assert.ok(store.isDamaged(KEY), 'which is not the same as gone');
  sink.apply(raw('a', 12, 'whole'), false);
  assert.ok(!store.isDamaged(KEY));
  assert.equal(store.get(KEY)?.text, 'whole');
});

test('a change that no reader can see is not told', () => {
  const { sink, changes } = setup();
  sink.apply(raw('a', 10, 'x'), false);
  sink.apply(raw('a', 11, 'x'), false);
  assert.deepEqual(changes, ['a: - > x']);
});

test('a lost answer leaves a doubt, and any certain answer ends it', () => {
  const { store } = setup();
  store.doubt(KEY);
  assert.ok(store.isDoubted(KEY));
  store.put(raw('a', 10));
  assert.ok(!store.isDoubted(KEY));
});
