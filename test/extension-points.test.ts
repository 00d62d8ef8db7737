import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALGORITHMS } from '@espalier/search';
import { buildProgram } from '../trainer-image/src/commands/program.ts';
import { SCHEDULES } from '../trainer-image/src/schedule/schedule.ts';
import { read } from './documents.ts';

// What CONTRIBUTING.md says of adding something, where nothing else would notice that it was forgotten.

test('the manifest reference and docs/search.md tell of every search algorithm', () => {
  const names = ALGORITHMS.map(({ name }) => name);
  const [, described = ''] =
    /algorithm is ([^.]*, gp[^.]*)\./.exec(read('docs/api/v1alpha1.md')) ?? [];
  assert.deepEqual(described.split(/, | or /).toSorted(), names.toSorted());
  const [, table = ''] =
    /^\| `algorithm` \| use it when .*\n((?:\|.*\n)+)/m.exec(read('docs/search.md')) ?? [];
  const told = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name = '']) => name);
  assert.deepEqual(told.toSorted(), names.toSorted());
});

test('docs/trainer.md tells of every schedule', () => {
  const [, told = ''] = /^- `schedule` is (.*?)\. /ms.exec(read('docs/trainer.md')) ?? [];
  const names = [...told.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name);
  assert.deepEqual(names.toSorted(), Object.keys(SCHEDULES).toSorted());
});

test('docs/trainer.md has a row for every command of the trainer, and no other', () => {
  const names = buildProgram(() => {}).commands.map((command) => command.name());
  const [, table = ''] =
    /^\| Command \| What it does \|\n((?:\|.*\n)+)/m.exec(read('docs/trainer.md')) ?? [];
  const told = [...table.matchAll(/^\| `([a-z]+)/gm)].map(([, name = '']) => name);
  assert.deepEqual(told.toSorted(), names.toSorted());
});
