import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partBytesFor } from './data-set.ts';
import { decidePush, type PushDecision, type Stored } from './push-decision.ts';

const OURS = { size: 100, sha256: 'aa', checksum: 'AAA=-3' };
const object = (checksum: string | undefined, size = 100) => ({ size, checksum });
const upload = (isNew: boolean, dropMark: boolean): PushDecision => ({
  kind: 'upload',
  isNew,
  dropMark,
});

const cases: Record<string, { stored: Stored; replace?: boolean; want: PushDecision }> = {
  'nothing is there': { stored: { object: undefined, mark: undefined }, want: upload(true, false) },
  'a mark of the same content is left over': {
    stored: { object: undefined, mark: 'aa' },
    want: upload(true, false),
  },
  'a mark of other content is left over': {
    stored: { object: undefined, mark: 'bb' },
    want: upload(true, true),
  },
  'the same is there and committed': {
    stored: { object: object('AAA=-3'), mark: 'aa' },
    want: { kind: 'done' },
  },
  'the same was committed, by a store that keeps no digest': {
    stored: { object: object(undefined), mark: 'aa' },
    want: { kind: 'done' },
  },
  'the same was committed, in other parts': {
    stored: { object: object('CCC=-7'), mark: 'aa' },
    want: { kind: 'done' },
  },
  'the same is there without a mark': {
    stored: { object: object('AAA=-3'), mark: undefined },
    want: { kind: 'mark' },
  },
  'the same is there with another mark': {
    stored: { object: object('AAA=-3'), mark: 'bb' },
    want: { kind: 'mark' },
  },
  'bytes that cannot be compared are there without a mark': {
    stored: { object: object(undefined), mark: undefined },
    want: { kind: 'refused', isCommitted: false },
  },
  'other content is committed': {
    stored: { object: object('BBB=-3'), mark: 'bb' },
    want: { kind: 'refused', isCommitted: true },
  },
  'our mark stands beside other content': {
    stored: { object: object('BBB=-3'), mark: 'aa' },
    want: { kind: 'refused', isCommitted: true },
  },
  'our mark stands beside another size': {
    stored: { object: object(undefined, 99), mark: 'aa' },
    want: { kind: 'refused', isCommitted: true },
  },
  'other content is to be replaced': {
    stored: { object: object('BBB=-3'), mark: 'bb' },
    replace: true,
    want: upload(false, true),
  },
  'replacing the same does nothing': {
    stored: { object: object('AAA=-3'), mark: 'aa' },
    replace: true,
    want: { kind: 'done' },
  },
};
for (const [name, { stored, replace = false, want }] of Object.entries(cases)) {
  test(`what a push does: ${name}`, () =>
    assert.deepEqual(decidePush(OURS, stored, replace), want));
}

test('parts are 8 MiB up to 70 GiB, and never more than S3 takes', () => {
  const { GiB, TiB } = { GiB: 2 ** 30, TiB: 2 ** 40 };
  assert.equal(partBytesFor(1), 8 * 2 ** 20);
  assert.equal(partBytesFor(70 * GiB), 8 * 2 ** 20);
  for (const size of [71 * GiB, TiB, 5 * TiB]) {
    const parts = Math.ceil(size / partBytesFor(size));
    assert.ok(parts > 8_000 && parts <= 9_000, `${parts} parts of ${size}`);
    assert.ok(partBytesFor(size) <= 5 * GiB);
  }
});
