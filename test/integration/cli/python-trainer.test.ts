import assert from 'node:assert/strict';
import { cpSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { manifestSchema } from '@espalier/api';
import { waitFor } from '../../kit/wait.ts';
import { Sandbox } from './sandbox.ts';

const SAMPLE = resolve(import.meta.dirname, '../../../manifests/samples/python-trainer');
const TRIALS = 4;

function sweep(t: TestContext, epochs: number): Sandbox {
  const sandbox = new Sandbox(t);
  cpSync(SAMPLE, sandbox.dir, { recursive: true });
  const path = join(sandbox.dir, 'experiment.yaml');
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replace('epochs, int: { value: 20 }', `epochs, int: { value: ${epochs} }`),
  );
  return sandbox;
}

const filesOf = (sandbox: Sandbox, name: string) =>
  globSync(`.espalier/artifacts/**/${name}`, { cwd: sandbox.dir }).sort();

/** The table of each Trial that is complete, by its index. */
function tables(sandbox: Sandbox): Record<string, string> {
  const found = filesOf(sandbox, 'manifest.json').map((path) => {
    const index = /trials\/(\d{5})-/.exec(path)?.[1] ?? '';
    const table = join(sandbox.dir, path, '../metrics.csv');
    return [index, readFileSync(table, 'utf8')] as const;
  });
  return Object.fromEntries(found);
}

test('U14 U16 a sweep of plain Python trainers ends with a best model, fetched by one command', async (t) => {
  const sandbox = sweep(t, 20);
  const { exitCode, stdout, stderr } = await sandbox.espalier('run', '-f', 'experiment.yaml');
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /python-00000 {2}Succeeded/);
  const target = join(sandbox.dir, 'best');
  const best = await sandbox.espalier('best', 'python', '--json', '--download', target);
  assert.equal(best.exitCode, 0, best.stderr);
  const document = JSON.parse(best.stdout);
  assert.ok(document.value > 0.05 && document.value < 0.2, `valid_loss ${document.value}`);
  assert.ok(document.checkpoint.startsWith(target) && existsSync(document.checkpoint));
  const manifest = manifestSchema.parse(
    JSON.parse(readFileSync(join(target, 'manifest.json'), 'utf8')),
  );
  assert.equal(manifest.best?.value, document.value);
  const rows = readFileSync(document.metricsCsv, 'utf8').trimEnd().split('\n').slice(1);
  const losses = rows.map((row) => Number(row.split(',')[2]));
  assert.equal(Math.min(...losses), document.value);
  const again = await sandbox.espalier('best', 'python', '--download', target);
  assert.equal(again.exitCode, 0, again.stderr);
  t.diagnostic(`trials ${Object.keys(tables(sandbox)).length}, best ${document.value}`);
});

test('F16 a sweep of Python trainers that is interrupted ends with the same tables', async (t) => {
  const whole = sweep(t, 100);
  const plain = await whole.espalier('run', '-f', 'experiment.yaml');
  assert.equal(plain.exitCode, 0, plain.stderr);
  const sandbox = sweep(t, 100);
  let interrupted = 0;
  for (const attempt of ['a0', 'a1']) {
    const run = sandbox.start(['run', '-f', 'experiment.yaml']);
    await waitFor(() => filesOf(sandbox, `${attempt}/manifest-*.json`).length >= 3, {
      what: `checkpoints of ${attempt} are there`,
      unless: () => (/Succeeded/.test(run.stdout) ? 'it has ended' : undefined),
    });
    run.kill('SIGINT');
    interrupted += (await run.ended).exitCode === 130 ? 1 : 0;
  }
  const last = await sandbox.espalier('run', '-f', 'experiment.yaml');
  assert.equal(last.exitCode, 0, last.stderr);
  assert.equal(interrupted, 2);
  assert.ok(filesOf(sandbox, 'a2/manifest*.json').length > 0, 'some trial went on twice');
  assert.equal(Object.keys(tables(sandbox)).length, TRIALS);
  assert.deepEqual(tables(sandbox), tables(whole));
  t.diagnostic(`interrupted ${interrupted}, trials ${TRIALS}, tables that differ 0`);
});
