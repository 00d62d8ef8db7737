import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { commandsOf, ROOT } from '../chart/documented.ts';
import { ESPALIER, environment } from './sandbox.ts';

const run = promisify(execFile);

test('every command of the tutorial does what it says, from nothing to a downloaded model', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-tutorial-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const env = environment({
    ESPALIER: ROOT,
    PATH: `${dirname(ESPALIER)}:${process.env['PATH'] ?? ''}`,
  });
  const printed = new Map<string, string>();
  let cwd = folder;
  const commands = commandsOf('docs/tutorial.md');
  for (const command of commands) {
    const entered = /^cd (\S+)$/.exec(command)?.[1];
    if (entered !== undefined) {
      cwd = join(cwd, entered);
      continue;
    }
    const began = performance.now();
    const { stdout } = await run('bash', ['--norc', '-eu', '-c', command], { cwd, env }).catch(
      (error: { stdout: string; stderr: string }) =>
        assert.fail(`${command}\n${error.stdout}${error.stderr}`),
    );
    const [, verb = ''] = command.split(' ');
    printed.set(verb, stdout);
    t.diagnostic(`${(performance.now() - began).toFixed(0)} ms ${command.slice(0, 80)}`);
  }
  assert.ok(commands.length >= 14, `${commands.length} commands`);

  assert.match(printed.get('list') ?? '', /^first +Succeeded +8\/8/m);
  assert.match(printed.get('importance') ?? '', /^lr +[01]\.\d+ /m);
  const manifest = JSON.parse(readFileSync(join(cwd, 'model/manifest.json'), 'utf8'));
  const [checkpoint] = manifest.files.filter(({ path }: { path: string }) =>
    path.endsWith('model.safetensors'),
  );
  const model = readFileSync(join(cwd, 'model', checkpoint.path));
  assert.equal(createHash('sha256').update(model).digest('hex'), checkpoint.sha256);
  for (const page of ['first.html', 'parallel.html']) {
    assert.match(readFileSync(join(cwd, page), 'utf8'), /^<!doctype html>/i);
  }
});
