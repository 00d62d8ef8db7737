import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { eventually, Sandbox } from './sandbox.ts';
import { Terminal } from './terminal.ts';

const SMALL = { columns: 80, rows: 24 };
const LARGE = { columns: 200, rows: 50 };

// They mostly wait for trainers.
suite('on a terminal', { concurrency: 4, timeout: 120_000 }, () => {
  for (const size of [SMALL, LARGE]) {
    test(`a run at ${size.columns}x${size.rows} shows a table and leaves the leaderboard`, async (t) => {
      const sandbox = new Sandbox(t);
      const file = sandbox.sweep({ max: 3, parallel: 2, pace: 0.2 });
      const terminal = new Terminal(sandbox, ['run', '-f', file], size);
      t.after(() => terminal.close());
      await terminal.until(/^digits {2}Running {2}[01]\/3 done {2}2 running/m);
      assert.equal(terminal.screen.isCursorVisible, false);
      await terminal.until(/^(digits-)?00000 +Running .* [23]\/4 +0\.[23]000/m);
      await terminal.until(/^best valid_acc 0\.4[01]00 {2}digits-0000[01] {2}lr=/m);
      assert.equal(await terminal.exitCode(), 0);
      const left = terminal.screen.text();
      assert.match(left, /^TRIAL +STATE +LR +SCHEDULE +EPOCH +VALID_ACC +TIME/m);
      assert.match(left, /^digits-00002 +Succeeded .* 4\/4 +0\.4200/m);
      assert.match(left, /^digits Succeeded: /m);
      // The table itself is gone.
      assert.doesNotMatch(left, /running|IMG\/S/);
      assert.equal(terminal.screen.isCursorVisible, true);
      assert.ok(terminal.screen.colours > 0);
      assert.ok(terminal.screen.redraws > 3);
    });
  }

  test('a wide terminal shows speed and trend; no line is wider than either', async (t) => {
    const sandbox = new Sandbox(t);
    const file = sandbox.sweep({ max: 2, pace: 0.3, epochs: 6 });
    const terminal = new Terminal(sandbox, ['run', '-f', file], LARGE);
    t.after(() => terminal.close());
    await terminal.until(/^TRIAL .*LEFT +IMG\/S +TREND\n.* 1\.2k +▁.*█/m);
    terminal.resize(50, 12);
    await terminal.until(/too narrow for: /);
    // Only the last sentence is longer than 50 columns, and that is no part of the table.
    assert.equal(terminal.screen.wraps, 0);
    terminal.resize(LARGE.columns, LARGE.rows);
    assert.equal(await terminal.exitCode(), 0);
  });

  test('Ctrl-C lets the trainers save, and the same command goes on', async (t) => {
    const sandbox = new Sandbox(t);
    const file = sandbox.sweep({ max: 2, pace: 0.3 });
    const first = new Terminal(sandbox, ['run', '-f', file], SMALL);
    t.after(() => first.close());
    await first.until(/^(digits-)?00001 +Running .* 1\/4/m);
    first.ctrlC();
    assert.equal(await first.exitCode(), 130);
    assert.match(first.screen.text(), /^interrupted with 0\/2 done; nothing is lost$/m);
    assert.match(first.screen.text(), /^go on with: espalier run -f digits\.yaml$/m);
    assert.equal(first.screen.isCursorVisible, true);
    assert.deepEqual(sandbox.trainers(), []);
    const log = await sandbox.espalier('logs', 'digits-00000');
    assert.match(log.stdout, /^saving$/m);

    const second = new Terminal(sandbox, ['run', '-f', file], SMALL);
    t.after(() => second.close());
    await second.until(/^going on with digits$/m);
    assert.equal(await second.exitCode(), 0);
    assert.match(second.screen.text(), /digits-00001 +Succeeded/);
  });

  test('Ctrl-C again ends even stubborn trainers at once', async (t) => {
    const sandbox = new Sandbox(t);
    const file = sandbox.sweep({ max: 2, pace: 0.5, epochs: 60, manner: 'stubborn' });
    const terminal = new Terminal(sandbox, ['run', '-f', file], SMALL);
    t.after(() => terminal.close());
    await terminal.until(/2 running/);
    terminal.ctrlC();
    await terminal.until(/^trainers are saving; press Ctrl-C again to end at once$/m);
    const pressedMs = performance.now();
    terminal.ctrlC();
    assert.equal(await terminal.exitCode(), 130);
    assert.ok(performance.now() - pressedMs < 3000);
    assert.match(terminal.screen.text(), /running trials go on from their last checkpoint/);
    assert.equal(terminal.screen.isCursorVisible, true);
    await eventually('no trainer is left', () => sandbox.trainers().length === 0);
  });

  test('NO_COLOR is obeyed; a dumb terminal gets plain lines', async (t) => {
    const sandbox = new Sandbox(t);
    const file = sandbox.sweep({ max: 1, parallel: 1 });
    const grey = new Terminal(sandbox, ['run', '-f', file], { ...SMALL, env: { NO_COLOR: '1' } });
    t.after(() => grey.close());
    assert.equal(await grey.exitCode(), 0);
    assert.equal(grey.screen.colours, 0);
    assert.ok(grey.screen.redraws > 0);
    const other = sandbox.sweep({ name: 'other', max: 1, parallel: 1 });
    const dumb = new Terminal(sandbox, ['run', '-f', other], { ...SMALL, env: { TERM: 'dumb' } });
    t.after(() => dumb.close());
    assert.equal(await dumb.exitCode(), 0);
    assert.ok(!dumb.output.includes('\x1b'));
    assert.match(dumb.screen.text(), /^ +[\d.]+s {2}other-00000 {2}started {2}lr=/m);
  });

  test('delete asks on a terminal', async (t) => {
    const sandbox = new Sandbox(t);
    const file = sandbox.sweep({ max: 1, pace: 0.01, epochs: 1 });
    assert.equal((await sandbox.espalier('run', '-f', file)).exitCode, 0);
    const terminal = new Terminal(sandbox, ['delete', 'digits'], SMALL);
    t.after(() => terminal.close());
    await terminal.until(/^delete digits with 1 trial \(its artifacts stay\)\? \[y\/N\]/m);
    terminal.type('y\r');
    assert.equal(await terminal.exitCode(), 0);
    assert.match(terminal.screen.text(), /^deleted digits with 1 trial/m);
  });
});
