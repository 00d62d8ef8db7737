import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');
const documents = execFileSync('git', ['ls-files', '-z', '*.md'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '');
/** The first folder of what can only be a path of this repository. */
const FOLDERS =
  /^(api|search|controller|courier|cli|trainer-image|charts|manifests|test|scripts|docs)\//;

/** Paths in backticks, `a/{b,c}.ts` as two; patterns and what has a blank or an argument are none. */
function pathsIn(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)]
    .map(([, quoted = '']) => quoted)
    .filter((quoted) => FOLDERS.test(quoted) && !/[\s*<>$=:…]|\.\.\./.test(quoted))
    .flatMap(spelledOut);
}

function spelledOut(path: string): string[] {
  const [, before = '', choices, after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(path) ?? [];
  if (choices === undefined) return [path];
  return choices.split(',').flatMap((choice) => spelledOut(`${before}${choice}${after}`));
}

test('every file and folder that a document names is there', (context) => {
  let named = 0;
  const missing = documents.flatMap((document) => {
    const text = readFileSync(join(root, document), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
    const paths = pathsIn(text);
    named += paths.length;
    return (
      paths
        .filter((path) => !existsSync(join(root, path)))
        // A README names what lies beside it.
        .filter((path) => !existsSync(join(root, dirname(document), path)))
        .map((path) => `${document}: ${path}`)
    );
  });
  assert.deepEqual(missing, []);
  context.diagnostic(`${named} paths in ${documents.length} documents`);
});
