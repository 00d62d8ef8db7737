import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, read } from './documents.ts';

/** A line of a walk: a file, and what of it is called by the one above that stands further out. */
interface Step {
  readonly depth: number;
  readonly path: string;
  readonly name: string;
  readonly text: string;
}

const text = read('ARCHITECTURE.md');
const walks = [...text.matchAll(/^```walk\n(.*?)^```$/gms)].map(([, block = '']) =>
  block.trimEnd().split('\n').map(stepOf),
);

function stepOf(line: string): Step {
  const [, indent = '', path = '', name = ''] =
    /^( *)(\S+\.ts) +(\w+)(?: {2,}.*)?$/.exec(line) ?? [];
  assert.notEqual(name, '', `not a step of a walk: ${line}`);
  assert.ok(existsSync(join(ROOT, path)), `${path} is not there`);
  return { depth: indent.length / 2, path, name, text: read(path) };
}

/** Whether a file makes that name: as a function, a class, an interface, a value or a method. */
function makes({ text: source, name }: Step): boolean {
  const declared = new RegExp(
    `^(export )?(async )?(function|class|const|interface) ${name}\\b`,
    'm',
  );
  const member = new RegExp(`^  (async )?${name}(\\(|: .*=>)`, 'm');
  return declared.test(source) || member.test(source);
}

/** The step that calls the one at `at`: the nearest above that stands further out. */
function callerOf(walk: readonly Step[], at: number): Step | undefined {
  const { depth = 0 } = walk[at] ?? {};
  return walk.slice(0, at).findLast((step) => step.depth < depth);
}

test('every step of the walks of ARCHITECTURE.md is where it says, and called by the one above', (context) => {
  assert.ok(walks.length >= 5, `${walks.length} walks`);
  for (const walk of walks) {
    for (const [at, step] of walk.entries()) {
      assert.ok(makes(step), `${step.path} makes no ${step.name}`);
      const caller = callerOf(walk, at);
      const calls = new RegExp(`\\b${step.name}\\b`);
      if (caller === undefined) continue;
      assert.match(caller.text, calls, `${caller.path} does not know ${step.name} of ${step.path}`);
    }
  }
  context.diagnostic(`${walks.flat().length} steps in ${walks.length} walks`);
});

test('from the entry of the reconciler to the create of the Pod it is seven files', () => {
  const walk = walks.find((steps) => steps.some(({ name }) => name === 'podTemplate'));
  assert.equal(walk?.[0]?.name, 'createTrialReconciler');
  assert.ok(new Set(walk.map(({ path }) => path)).size <= 7);
});
