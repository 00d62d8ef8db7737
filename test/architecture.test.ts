import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSource, sourceFiles, violations } from './architecture.ts';

const root = join(import.meta.dirname, '..');

test('every import follows the dependency rule', () => {
  const files = sourceFiles(root);
  assert.ok(files.length > 50, `only ${files.length} files found: is the walk broken?`);
  const found = files.flatMap((file) =>
    violations(file, readSource(root, file)).map((violation) => `${file}: ${violation}`),
  );
  assert.deepEqual(found, []);
});

const cases: Record<string, { file: string; source: string; want: string[] }> = {
  'the domain may import search': {
    file: 'controller/src/domain/trial/plan.ts',
    source: "import { decide } from '@espalier/search';",
    want: [],
  },
  'the domain must not import an adapter': {
    file: 'controller/src/domain/trial/plan.ts',
    source: "import { folder } from '../../adapters/local/layout.ts';",
    want: ['domain must not import local adapter (../../adapters/local/layout.ts)'],
  },
  'the domain must not import Node': {
    file: 'controller/src/domain/trial/plan.ts',
    source: "import { readFile } from 'node:fs/promises';",
    want: ['domain must not import node:fs/promises'],
  },
  'a type import counts as well': {
    file: 'controller/src/reconcilers/trial.ts',
    source: "import type { Layout } from '../adapters/local/layout.ts';",
    want: ['reconcilers must not import local adapter (../adapters/local/layout.ts)'],
  },
  'an import over several lines counts as well': {
    file: 'search/src/space/space.ts',
    source: "import {\n  Experiment,\n  Trial,\n} from '@espalier/api';",
    want: ['search must not import api (@espalier/api)'],
  },
  'a dynamic import counts as well': {
    file: 'cli/src/main.ts',
    source: "const trainer = await import('@espalier/trainer');",
    want: ['cli must not import @espalier/trainer (@espalier/trainer)'],
  },
  'search must not draw from Math.random': {
    file: 'search/src/suggest/random.ts',
    source: 'const u = Math.random();',
    want: ['search must not use Math.random'],
  },
  'the domain must not read the clock': {
    file: 'controller/src/domain/trial/plan.ts',
    source: 'const now = Date.now();',
    want: ['domain must not use the clock'],
  },
  'a comment may name what the code may not': {
    file: 'search/src/suggest/random.ts',
    source: '// unlike Math.random(), this repeats\n/* Date.now() */',
    want: [],
  },
  'the trainer must not import the controller': {
    file: 'trainer-image/src/main.ts',
    source: "import { startRunner } from '@espalier/controller/local';",
    want: ['trainer must not import composition root (@espalier/controller/local)'],
  },
};

for (const [name, { file, source, want }] of Object.entries(cases)) {
  test(`the rule's checker: ${name}`, () => assert.deepEqual(violations(file, source), want));
}
