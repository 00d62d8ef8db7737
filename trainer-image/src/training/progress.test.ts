import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressBar, progressLines } from './progress.ts';

test('R39 on a terminal a pass is a bar on one line', () => {
  const written: string[] = [];
  const terminal = { write: (text: string) => written.push(text) };
  const bar = progressBar(terminal as unknown as NodeJS.WriteStream);
  bar.show('epoch 1 train', 12, 24);
  bar.clear();
  assert.match(written[0] ?? '', /^\repoch 1 train \[#{12}\.{12}\] 12\/24/);
  assert.ok(written.every((text) => !text.includes('\n')));
});

test('R39 in the log of a pod a long pass has a plain line now and then', () => {
  const lines: string[] = [];
  let now = 0;
  const progress = progressLines(
    (line) => lines.push(line),
    () => now,
  );
  for (let done = 1; done <= 100; done++) {
    now += 1000;
    progress.show('valid', done, 100);
  }
  progress.clear();
  assert.equal(lines.length, 9);
  assert.equal(lines[0], 'valid 10/100');
});
