import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryChannel } from '../channel.ts';
import { formatBytes } from '../render/number.ts';
import { MemoryTerminal } from '../testing/command-line.ts';
import { TransferProgress } from './progress.ts';

test('sizes are read as people write them', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [100 * 1024, '100 KiB'],
    [14.5 * 2 ** 20, '14.5 MiB'],
    [5 * 2 ** 40, '5.0 TiB'],
    [3000 * 2 ** 40, '3000 TiB'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});

test('without a terminal a transfer of any length writes at most nine lines', () => {
  const channel = new MemoryChannel();
  let now = 0;
  const progress = new TransferProgress(channel, () => now, 'uploading', 100_000);
  for (let sent = 0; sent < 100_000; sent += 100) {
    now += 10;
    progress.add(100);
  }
  progress.close();
  const lines = channel.text.trimEnd().split('\n');
  assert.equal(lines.length, 9);
  assert.equal(lines[4], 'uploading  50 %  48.8 KiB of 97.7 KiB  9.8 KiB/s  5s left');
});

test('on a terminal one line is drawn over itself, and gone at the end', () => {
  const terminal = new MemoryTerminal();
  let now = 0;
  const progress = new TransferProgress(terminal, () => now, 'fetching ', 1000);
  for (let step = 0; step < 10; step++) {
    now += 1000;
    progress.add(100);
  }
  progress.notice('a line that stays');
  progress.close();
  assert.ok(terminal.text.includes('fetching   50 %  500 B of 1000 B  100 B/s  5s left'));
  assert.ok(terminal.text.endsWith('a line that stays\n'));
});
