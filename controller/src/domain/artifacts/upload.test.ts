import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GrantedFiles, refuseUpload } from './upload.ts';

const QUOTA = 1_000;
const granted = (...files: readonly (readonly [string, number])[]) => {
  const all = new GrantedFiles();
  for (const [path, size] of files) all.add(path, size);
  return all;
};
const many = (count: number, path: (i: number) => string) =>
  granted(...Array.from({ length: count }, (_, i) => [path(i), 0] as const));

const cases: Record<
  string,
  { path?: string; size?: number; granted?: GrantedFiles; want: string | undefined }
> = {
  'a file of the grammar': { want: undefined },
  'a path out of the folder': { path: '../a0/log.txt', want: 'InvalidPath' },
  'the pointer to the best': { path: 'best.json', want: 'InvalidPath' },
  'more than the quota at once': { size: 1_001, want: 'QuotaExceeded' },
  'the quota used up': { granted: granted(['log.txt', 901]), want: 'QuotaExceeded' },
  'the quota filled exactly': { granted: granted(['log.txt', 900]), want: undefined },
  'the same file again': { granted: granted(['metrics.csv', 1_000]), want: undefined },
  'the same file again, but larger': {
    size: 500,
    granted: granted(['metrics.csv', 100], ['log.txt', 501]),
    want: 'QuotaExceeded',
  },
  'the 101st extra file': {
    path: 'extra/new.png',
    granted: many(100, (i) => `extra/${i}.png`),
    want: 'TooManyExtraFiles',
  },
  'one of the 100 extra files again': {
    path: 'extra/7.png',
    granted: many(100, (i) => `extra/${i}.png`),
    want: undefined,
  },
  'empty files without end': {
    size: 0,
    granted: many(50_000, (i) => `points-${i}.jsonl`),
    want: 'TooManyFiles',
  },
};
for (const [name, { path = 'metrics.csv', size = 100, granted: before, want }] of Object.entries(
  cases,
)) {
  test(`G13 upload: ${name}: ${want ?? 'granted'}`, () => {
    assert.equal(refuseUpload(before ?? new GrantedFiles(), { path, size }, QUOTA), want);
  });
}

test('asking again for a file counts its largest size once', () => {
  const twice = granted(['log.txt', 7], ['log.txt', 5], ['extra/a', 1], ['extra/a', 2]);
  assert.deepEqual([twice.bytes, twice.count, twice.extras], [9, 2, 1]);
});
