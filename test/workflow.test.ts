import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Job {
  readonly 'timeout-minutes'?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly needs?: readonly string[];
  readonly steps: readonly Step[];
}

const root = join(import.meta.dirname, '..');
const text = readFileSync(join(root, '.github/workflows/ci.yaml'), 'utf8');
const workflow = parse(text, { strict: true, uniqueKeys: true }) as {
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency?: object;
  readonly jobs: Readonly<Record<string, Job>>;
};
const jobs = Object.entries(workflow.jobs);
const steps = jobs.flatMap(([name, job]) => job.steps.map((step) => ({ name, step })));

// It has never run: what can be known of it without a runner is known here.
describe('the workflow', () => {
  test('calls make with targets that the Makefile has', () => {
    const makefile = readFileSync(join(root, 'Makefile'), 'utf8');
    const targets = new Set([...makefile.matchAll(/^([a-z0-9-]+):/gm)].map(([, name]) => name));
    const called = steps.flatMap(({ step }) =>
      [...(step.run ?? '').matchAll(/\bmake ([a-z0-9-]+)/g)].map(([, target]) => target),
    );
    assert.ok(called.length >= 5, called.join(' '));
    assert.deepEqual(
      called.filter((target) => !targets.has(target)),
      [],
    );
  });

  test('gives every job an end and no more rights than to read', () => {
    assert.deepEqual(workflow.permissions, { contents: 'read' });
    assert.notEqual(workflow.concurrency, undefined);
    for (const [name, job] of jobs) {
      assert.ok((job['timeout-minutes'] ?? 0) > 0, `${name} has no timeout-minutes`);
      assert.deepEqual(job.permissions, { contents: 'read' }, name);
      for (const needed of job.needs ?? [])
        assert.ok(needed in workflow.jobs, `${name}: ${needed}`);
    }
  });

  test('names every action by its commit, with the version beside it', () => {
    const lines = text.split('\n').filter((line) => line.includes('uses: '));
    assert.equal(lines.length, steps.filter(({ step }) => step.uses !== undefined).length);
    for (const line of lines)
      assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    const pinned = lines.map((line) => line.trim().replace('- ', ''));
    const actions = new Set(pinned.map((line) => line.split('@')[0]));
    assert.equal(new Set(pinned).size, actions.size, 'one action in two versions');
  });

  test('runs commands that a shell can parse', () => {
    for (const { name, step } of steps.filter(({ step: { run } }) => run !== undefined)) {
      const script = (step.run ?? '').replaceAll(/\$\{\{.*?\}\}/g, 'expression');
      const { status, stderr } = spawnSync('bash', ['-n', '-c', script], { encoding: 'utf8' });
      assert.equal(status, 0, `${name}: ${stderr}`);
      // What others write, such as the title of a pull request, must not become part of a script.
      assert.doesNotMatch(step.run ?? '', /\$\{\{/, `${name}: an expression inside a script`);
    }
  });
});
