import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Sandbox } from './sandbox.ts';
import { Terminal, type TerminalOptions } from './terminal.ts';

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 200, rows: 50 },
];
const [SMALL] = SIZES as [TerminalOptions];
const WAIT_MS = 60_000;
/** Verbs whose output has no time in it. */
const GOLDEN = [
  'trials digits --columns trial,state,lr,schedule,epoch,value',
  'trials digits --top 50% -o name',
  'plot history digits',
  'plot parallel digits',
];

async function shown(
  t: { after(end: () => Promise<void>): void },
  sandbox: Sandbox,
  words: string,
  options: TerminalOptions,
): Promise<Terminal> {
  const terminal = new Terminal(sandbox, words.split(' '), options);
  t.after(() => terminal.close());
  assert.equal(await terminal.exitCode(), 0, terminal.output);
  return terminal;
}

suite('verbs on a terminal and without one', { concurrency: 3, timeout: 120_000 }, () => {
  for (const size of SIZES) {
    test(`list, trials and plots fit into ${size.columns}x${size.rows}`, async (t) => {
      const sandbox = new Sandbox(t);
      const file = sandbox.sweep({ max: 3, parallel: 3, pace: 0.05 });
      assert.equal((await sandbox.espalier('run', '-f', file)).exitCode, 0);
      const wants: Record<string, RegExp> = {
        list: /^digits +Succeeded +3\/3/m,
        'trials digits': /^digits-00002 +Succeeded .* 0\.4200/m,
        'get digits': /^Best: +0\.4200/m,
        'best digits': /digits-00002/,
        'plot history digits': /[\u2801-\u28ff][\s\S]*valid_acc/,
        'plot parallel digits': /lr/,
      };
      for (const [words, want] of Object.entries(wants)) {
        const { screen } = await shown(t, sandbox, words, size);
        assert.match(screen.text(), want, words);
        // A path is copied, so it is never cut.
        if (words !== 'best digits') {
          assert.equal(screen.wraps, 0, `${words} is wider than the terminal`);
        }
        assert.ok(screen.colours > 0, words);
        // An age grows.
        if (words === 'list' || words === 'get digits') continue;
        const plain = await shown(t, sandbox, words, { ...size, env: { NO_COLOR: '1' } });
        assert.equal(plain.screen.colours, 0, words);
        assert.equal(plain.screen.text(), screen.text(), words);
      }
    });

    test(`U trials and plots look on ${size.columns}x${size.rows} as they did when they were looked at`, async (t) => {
      const sandbox = new Sandbox(t);
      const file = sandbox.sweep({ max: 4, parallel: 1, pace: 0.01 });
      assert.equal((await sandbox.espalier('run', '-f', file)).exitCode, 0);
      const seen: string[] = [];
      for (const words of GOLDEN) {
        const { screen } = await shown(t, sandbox, words, { ...size, env: { NO_COLOR: '1' } });
        seen.push(`$ espalier ${words}\n${screen.text()}`);
      }
      const golden = join(import.meta.dirname, 'golden', `${size.columns}x${size.rows}.txt`);
      const text = seen.join('\n');
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, text);
      assert.equal(
        text,
        readFileSync(golden, 'utf8'),
        'changed on purpose? UPDATE_GOLDEN=1, and look',
      );
    });

    test(`init asks on ${size.columns}x${size.rows} and writes what runs here`, async (t) => {
      const sandbox = new Sandbox(t);
      const terminal = new Terminal(sandbox, ['init', 'asked.yaml'], size);
      t.after(() => terminal.close());
      const dialogue: readonly (readonly [RegExp, string])[] = [
        [/What does the trainer report\? \[valid_acc\] $/, ''],
        [/max or min \[max\] .*$/, ''],
        [/Parameter 1: $/, 'lr 1e-5..1e-2:lgo'],
        [/did you mean :log\?[\s\S]*Parameter 1: $/, 'lr 1e-5..1e-2:log'],
        [/Parameter 2: $/, 'epochs 2'],
        [/Parameter 3: $/, ''],
        [/How many configurations\? \[20\] $/, '2'],
        [/How many at once\? \[1\] $/, '2'],
        [/Image of the trainer.*\[\] $/, ''],
        [/Command of the trainer.*\[\] $/, './train.sh 0.05 2 plain'],
        [/Name of the sweep\? \[sweep\] $/, 'asked'],
      ];
      for (const [question, answer] of dialogue) {
        await terminal.until(question, WAIT_MS);
        terminal.type(`${answer}\n`);
      }
      await terminal.until(/start it: +espalier run -f asked\.yaml/, WAIT_MS);
      assert.equal(await terminal.exitCode(), 0);
      const ran = await sandbox.espalier('run', '-f', 'asked.yaml');
      assert.equal(ran.exitCode, 0, ran.stderr);
      assert.match(ran.stdout, /^asked-00001 +Succeeded/m);
    });
  }

  test('Ctrl-C among the questions of init leaves no file', async (t) => {
    const sandbox = new Sandbox(t);
    const terminal = new Terminal(sandbox, ['init', 'asked.yaml'], SMALL);
    t.after(() => terminal.close());
    await terminal.until(/What does the trainer report/, WAIT_MS);
    terminal.ctrlC();
    assert.notEqual(await terminal.exitCode(), 0);
    assert.equal(existsSync(join(sandbox.dir, 'asked.yaml')), false);
  });

  test('sweep --local, Ctrl-C, and the command that it names goes on', async (t) => {
    const sandbox = new Sandbox(t);
    const words =
      'sweep --local --name flags --metric valid_acc:max --lr 1e-5..1e-2:log --epochs 4 --trials 2 --parallel 2 -- ./train.sh 1 4 plain';
    const first = new Terminal(sandbox, words.split(' '), SMALL);
    t.after(() => first.close());
    await first.until(/^(flags-)?00001 +Running/m, WAIT_MS);
    first.ctrlC();
    assert.equal(await first.exitCode(), 130);
    assert.ok(first.output.includes(`go on with: espalier ${words}`), first.output);
    const second = await shown(t, sandbox, words, SMALL);
    assert.match(second.output, /going on with flags/);
    assert.match(second.screen.text(), /^flags-00001 +Succeeded/m);
  });

  test('U a reader that goes away ends a command quietly', async (t) => {
    const sandbox = new Sandbox(t);
    const file = sandbox.sweep({ max: 2, pace: 0.05, epochs: 2 });
    assert.equal((await sandbox.espalier('run', '-f', file)).exitCode, 0);
    for (const verb of [
      'trials digits --json',
      'trials digits -o yaml',
      'export digits',
      'watch digits',
    ]) {
      const ran = await sandbox.shell(
        `set -o pipefail; espalier ${verb} 2> talk | head -n 1; echo $?`,
      );
      const [first, exit] = ran.stdout.trimEnd().split('\n');
      // What fits into the pipe is written before anybody has gone.
      assert.ok(exit === '0' || exit === '141', `${verb}: ${ran.stdout}`);
      assert.notEqual(first, '');
      assert.doesNotMatch((await sandbox.shell('cat talk')).stdout, /error|EPIPE/, verb);
    }
    const slow = sandbox.sweep({ name: 'slow', max: 2, pace: 0.3, epochs: 4 });
    const run = sandbox.start(['run', '-f', slow]);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
    const watch = 'espalier watch slow --json | head -n 1; echo ${PIPESTATUS[0]}';
    const again = `until espalier get slow -o name > /dev/null 2>&1; do :; done; ${watch}`;
    const [line = '', exit] = (await sandbox.shell(again)).stdout.trimEnd().split('\n');
    assert.equal(JSON.parse(line).type, 'phase');
    assert.equal(exit, '141');
    assert.equal((await run.ended).exitCode, 0);
  });
});
