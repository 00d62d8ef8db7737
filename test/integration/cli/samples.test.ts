import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import { Sandbox } from './sandbox.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const SAMPLES = globSync('manifests/samples/*.yaml', { cwd: ROOT }).sort();

interface Document {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * The Experiment of a sample as it can be tried here: a stub of two epochs in the place of the trainer,
 * no data set and no cluster, at most four configurations.
 */
function tryout(path: string, sandbox: Sandbox): string {
  const documents = parseAllDocuments(readFileSync(join(ROOT, path), 'utf8'));
  const experiment = documents
    .map((document) => document.toJSON() as Document)
    .find(({ kind }) => kind === 'Experiment');
  assert.ok(experiment, path);
  const { data: _data, queueName: _queue, trials, ...rest } = experiment.spec;
  const { max = 1, ...bounds } = (trials ?? {}) as { readonly max?: number };
  const spec = {
    ...rest,
    trials: { ...bounds, max: Math.min(max, 4) },
    trainer: { command: ['./train.sh'], args: ['0.01', '2', 'plain'] },
  };
  const file = join(sandbox.dir, 'sample.yaml');
  writeFileSync(file, stringify({ ...experiment, spec }));
  return experiment.metadata.name;
}

describe('the samples, on this machine', () => {
  test('validate takes all of them at once', async (context) => {
    const sandbox = new Sandbox(context);
    const paths = SAMPLES.map((path) => join(ROOT, path));
    const { exitCode, stdout, stderr } = await sandbox.espalier('validate', '-f', ...paths);
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout.trimEnd().split('\n').length, SAMPLES.length, stdout);
    context.diagnostic(`${SAMPLES.length} files`);
  });

  for (const path of SAMPLES) {
    test(`${path} is planned as it is, and ends with a best value with a stub as its trainer`, async (context) => {
      const sandbox = new Sandbox(context);
      const plan = await sandbox.espalier('plan', '-f', join(ROOT, path));
      assert.equal(plan.exitCode, 0, plan.stderr);
      const name = tryout(path, sandbox);
      const run = await sandbox.espalier('run', '-f', 'sample.yaml');
      assert.equal(run.exitCode, 0, run.stderr);
      const best = await sandbox.espalier('best', name, '--json');
      assert.equal(best.exitCode, 0, best.stderr);
      const { value, phase } = JSON.parse(best.stdout) as { value: number; phase: string };
      assert.equal(phase, 'Succeeded');
      context.diagnostic(`best ${value}`);
    });
  }

  test('the list of samples names every file, and no others', () => {
    const text = readFileSync(join(ROOT, 'manifests/samples/README.md'), 'utf8');
    const named = [...text.matchAll(/^\| \[([^\]]+)\]\(\1\)/gm)].map(([, name]) => name);
    const there = SAMPLES.map((path) => path.slice('manifests/samples/'.length));
    assert.deepEqual(named.toSorted(), [...there, 'python-trainer'].toSorted());
  });
});
