import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { waitFor } from '../../kit/wait.ts';
import { ESPALIER, Sandbox, type Started } from './sandbox.ts';
import { Terminal } from './terminal.ts';

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 200, rows: 50 },
];
const SMALL = { columns: 80, rows: 24 };

/** A sweep that runs elsewhere, of which one trial is under way. */
async function running(t: TestContext, pace: number): Promise<{ sandbox: Sandbox; run: Started }> {
  const sandbox = new Sandbox(t);
  const run = sandbox.start(['run', '-f', sandbox.sweep({ max: 2, pace, epochs: 6 })]);
  await waitFor(() => run.stderr.includes('digits-00001  started'), { what: 'both trials run' });
  return { sandbox, run };
}

suite('watch of a folder on a terminal', { concurrency: 3, timeout: 180_000 }, () => {
  for (const size of SIZES) {
    test(`U what another process runs is seen at ${size.columns}x${size.rows} until its end`, async (t) => {
      const { sandbox, run } = await running(t, 0.5);
      const terminal = new Terminal(sandbox, ['watch', 'digits'], size);
      t.after(() => terminal.close());
      const { screen } = terminal;
      await terminal.until(/^digits {2}Running {2}0\/2 done {2}2 running/m);
      assert.equal(screen.isCursorVisible, false);
      terminal.resize(44, 10);
      await terminal.until(/too narrow for: /);
      const narrow = screen.text();
      assert.ok(
        narrow.split('\n').every((line) => line.length <= 44),
        narrow,
      );
      terminal.resize(size.columns, size.rows);
      assert.equal(await terminal.exitCode(), 0, screen.text());
      assert.match(screen.text(), /^digits-0000[01] +Succeeded .* 6\/6 +0\.6[01]00/m);
      assert.match(screen.text(), /^digits Succeeded: /m);
      assert.deepEqual([screen.isCursorVisible, screen.flickers, screen.wraps], [true, 0, 0]);
      assert.equal((await run.ended).exitCode, 0);
    });
  }

  test('U Ctrl-C ends the looking with 130, the run goes on; NO_COLOR is obeyed', async (t) => {
    const { sandbox, run } = await running(t, 0.5);
    const terminal = new Terminal(sandbox, ['watch', 'digits'], {
      ...SMALL,
      env: { NO_COLOR: '1' },
    });
    t.after(() => terminal.close());
    await terminal.until(/2 running/);
    terminal.ctrlC();
    assert.equal(await terminal.exitCode(), 130);
    assert.match(
      terminal.screen.text(),
      /^digits goes on; look again with: espalier watch digits$/m,
    );
    assert.deepEqual([terminal.screen.isCursorVisible, terminal.screen.colours], [true, 0]);
    assert.equal((await run.ended).exitCode, 0);
  });

  test('U Ctrl-Z gives the shell a whole terminal back, fg the table', async (t) => {
    const { sandbox } = await running(t, 2);
    const shell = { ...SMALL, program: 'bash', env: { HISTFILE: '' } };
    const terminal = new Terminal(sandbox, ['--norc', '--noprofile', '-i'], shell);
    t.after(() => terminal.close());
    await terminal.until(/[#$] $/);
    terminal.type(`${ESPALIER} watch digits\r`);
    await terminal.until(/2 running/);
    terminal.ctrlZ();
    await terminal.until(/Stopped[\s\S]*[#$] $/);
    assert.equal(terminal.screen.isCursorVisible, true);
    terminal.type('fg\r');
    await waitFor(() => !terminal.screen.isCursorVisible, { what: 'the table is drawn again' });
    await terminal.until(/2 running/);
    terminal.ctrlC();
    await terminal.until(/look again with[\s\S]*[#$] $/);
    assert.equal(terminal.screen.isCursorVisible, true);
    terminal.type('exit\r');
    await terminal.exitCode();
  });
});
