import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locateDataset, readMark } from './dataset.ts';
import { ArtifactKeys } from './keys.ts';

const keys = new ArtifactKeys('espalier');
const cases: Record<
  string,
  { key: string; shared?: string[]; keys?: ArtifactKeys; want: string | undefined }
> = {
  'a key of its own': { key: 'digits.tar', want: 'espalier/team/datasets/digits.tar' },
  'the mark of a data set': { key: 'digits.tar.sha256', want: undefined },
  'the mark of a shared one': { key: 'shared/a.sha256', shared: ['shared'], want: undefined },
  'a shared key': { key: 'shared/a.tar', shared: ['shared'], want: 'shared/a.tar' },
  'a prefix with its slash': { key: 'shared/a.tar', shared: ['shared/'], want: 'shared/a.tar' },
  'a prefix that is the whole key': { key: 'a.tar', shared: ['a.tar'], want: 'a.tar' },
  'a prefix ends where a part ends': {
    key: 'shared-not/a.tar',
    shared: ['shared'],
    want: 'espalier/team/datasets/shared-not/a.tar',
  },
  'another namespace, whatever is shared': {
    key: 'espalier/other/datasets/a.tar',
    shared: ['espalier/other'],
    want: undefined,
  },
  'everything of us, whatever is shared': {
    key: 'espalier/other/datasets/a.tar',
    shared: ['espalier'],
    want: undefined,
  },
  'its own namespace, shared': {
    key: 'espalier/team/datasets/a.tar',
    shared: ['espalier/team'],
    want: 'espalier/team/datasets/a.tar',
  },
  'another namespace of a bucket that is ours': {
    key: 'other/datasets/a.tar',
    shared: ['other'],
    keys: new ArtifactKeys(''),
    want: undefined,
  },
};
for (const [name, { key, shared = [], keys: with_ = keys, want }] of Object.entries(cases)) {
  test(`G13 data: ${name}: ${want ?? 'DataNotAllowed'}`, () => {
    const decision = locateDataset(with_, 'team', key, shared);
    assert.equal(decision.kind === 'allowed' ? decision.key : undefined, want);
  });
}

test('G13 a key that leads out of its folder is never built', () => {
  for (const key of ['../x', 'a/../../b', '/etc', '', 'a//b', '.hidden', 'a/./b', 'ä', 'a\nb']) {
    assert.throws(() => locateDataset(keys, 'team', key, []), RangeError, key);
    assert.equal(keys.mayShare('team', key), false, key);
  }
});

test('a mark is 64 hexadecimal digits and a line end', () => {
  const digest = 'a'.repeat(64);
  assert.equal(readMark(`${digest}\n`), digest);
  for (const text of [
    '',
    'a',
    `${digest}${digest}`,
    `${digest}  digits.tar\n`,
    digest.toUpperCase(),
  ]) {
    assert.equal(readMark(text), undefined);
  }
});
