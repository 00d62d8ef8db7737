import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArtifactKeys, type AttemptPlace } from './keys.ts';

const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/);
const plain = { noNullPrototype: true };
const place = fc.record(
  {
    experiment: fc.record({ namespace: label, name: label, uid: fc.uuid() }, plain),
    index: fc.nat(999_999_999),
    trialUid: fc.uuid(),
    attempt: fc.nat(999_999_999),
  },
  plain,
);
const prefix = fc.constantFrom('', 'espalier', 'ml/espalier_2');
const path = fc.constantFrom(
  'manifest.json',
  'manifest-0.json',
  'checkpoint-12/state.safetensors',
  'points-7.jsonl',
  'log.txt',
  'extra/plot.png',
);

const PLACE: AttemptPlace = {
  experiment: { namespace: 'team', name: 'a', uid: '3f8e1c52-0000-4000-8000-000000000001' },
  index: 3,
  trialUid: '3f8e1c52-0000-4000-8000-000000000002',
  attempt: 1,
};

test('a key tells what it was built from, and lies in its own folders', () => {
  fc.assert(
    fc.property(prefix, place, path, (root, at, file) => {
      const keys = new ArtifactKeys(root);
      const key = keys.attemptFile(at, file);
      assert.deepEqual(keys.parse(key), { kind: 'attempt-file', place: at, path: file });
      for (const folder of [
        keys.namespaceRoot(at.experiment.namespace),
        keys.experimentRoot(at.experiment),
        keys.trialRoot(at),
        keys.attemptRoot(at),
      ]) {
        assert.ok(key.startsWith(folder) && folder.endsWith('/'), folder);
      }
      const { experiment } = at;
      for (const name of ['best.json', 'trials.csv', 'experiment.json'] as const) {
        const meaning = { kind: 'experiment-file', experiment, name };
        assert.deepEqual(keys.parse(keys.experimentFile(experiment, name)), meaning);
      }
      const digest = 'ab'.repeat(32);
      assert.deepEqual(keys.parse(keys.recordFile(experiment, digest)), {
        kind: 'experiment-file',
        experiment,
        name: `record-${digest}.jsonl`,
      });
    }),
  );
});

test('G13 whatever the parts are, a key is refused or lies in its namespace', () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.constantFrom('..', '.', '', 'a/b', '../other', 'a%2fb', 'A', 'a\n', '-a', 'a\0'),
    label,
  );
  const keys = new ArtifactKeys('espalier');
  let built = 0;
  fc.assert(
    fc.property(hostile, hostile, hostile, hostile, (namespace, name, uid, file) => {
      const experiment = { namespace, name, uid };
      for (const build of [
        () => keys.attemptFile({ ...PLACE, experiment }, file),
        () => keys.attemptFile({ ...PLACE, trialUid: uid }, file),
        () => keys.attemptFile({ ...PLACE, experiment: { ...PLACE.experiment, namespace } }, file),
        () => keys.attemptFile({ ...PLACE, experiment: { ...PLACE.experiment, name } }, 'log.txt'),
        () => keys.bestByDigest(PLACE.experiment, file),
      ]) {
        let key: string;
        try {
          key = build();
        } catch (error) {
          assert.ok(error instanceof RangeError);
          continue;
        }
        built += 1;
        assert.match(key, /^espalier\/[a-z0-9-]+\/[A-Za-z0-9/._-]+$/);
        assert.ok(!key.split('/').some((part) => part === '' || part === '.' || part === '..'));
        assert.ok(keys.parse(key) !== undefined);
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(built > 0);
});

test('what is not in the grammar is nobody’s', () => {
  const keys = new ArtifactKeys('espalier');
  const root = keys.experimentRoot(PLACE.experiment);
  const attempt = keys.attemptRoot(PLACE);
  for (const key of [
    '',
    root,
    attempt,
    `${root}notes.txt`,
    `${root}best-1.json`,
    `${attempt}extra/../../x`,
    `${attempt}other.bin`,
    attempt.replace('/a1/', '/a01/').concat('log.txt'),
    attempt.replace('00003-', '3-').concat('log.txt'),
    `other/${attempt}log.txt`,
    'espalier/team/datasets/digits.tar',
  ]) {
    assert.equal(keys.parse(key), undefined, key);
  }
  for (const wrong of ['/', '/a', 'a/', 'a//b', '..', 'a/../b', 'a b']) {
    assert.throws(() => new ArtifactKeys(wrong), RangeError, wrong);
  }
  assert.throws(() => keys.attemptRoot({ ...PLACE, attempt: -1 }), RangeError);
  assert.throws(() => keys.attemptRoot({ ...PLACE, index: 0.5 }), RangeError);
});

test('G13 a data set lies in the datasets of its namespace, whatever its key', () => {
  const keys = new ArtifactKeys('team/espalier');
  assert.equal(
    keys.dataSet('team-a', 'mnist/v2.tar'),
    'team/espalier/team-a/datasets/mnist/v2.tar',
  );
  for (const key of ['', '../x', 'a/../b', '/a', 'a//b', '.a', 'a/.b', 'a b', 'a.sha256', 'a/']) {
    assert.throws(() => keys.dataSet('team-a', key), RangeError, key);
  }
  assert.throws(() => keys.dataSet('team-a', 'x'.repeat(513)), RangeError);
  assert.throws(() => keys.dataSet('../team-b', 'a.tar'), RangeError);
});
