import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { DOCUMENTS, ROOT, read } from './documents.ts';

/** The first folder of what can only be a path of this repository. */
const FOLDERS =
  /^(api|search|controller|courier|cli|trainer-image|plugins|charts|manifests|test|scripts|docs)\//;
const FENCE = /^( *)```.*?^\1```/gms;

/** Paths in backticks and words of blocks, `a/{b,c}.ts` as two; patterns and what has an argument are none. */
function pathsIn(text: string): string[] {
  const blocks = [...text.matchAll(FENCE)].flatMap(([block]) => block.split(/[\s'"(),;]+/));
  const spans = [...text.replaceAll(FENCE, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, span = '']) => span,
  );
  return [...spans, ...blocks.map((word) => word.replace(/[.:]+$/, ''))]
    .filter((word) => FOLDERS.test(word) && !/[\s*<>$=:…]|\.\.\./.test(word))
    .flatMap(spelledOut);
}

function spelledOut(path: string): string[] {
  const [, before = '', choices, after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(path) ?? [];
  if (choices === undefined) return [path];
  return choices.split(',').flatMap((choice) => spelledOut(`${before}${choice}${after}`));
}

/** As GitHub makes the anchor of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(document: string): readonly string[] {
  const headings = read(document)
    .replaceAll(FENCE, '')
    .matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) => anchorOf(heading));
}

test('every file and folder that a document names is there', (context) => {
  let named = 0;
  const missing = DOCUMENTS.flatMap((document) => {
    const paths = pathsIn(read(document));
    named += paths.length;
    return (
      paths
        .filter((path) => !existsSync(join(ROOT, path)))
        // A README names what lies beside it.
        .filter((path) => !existsSync(join(ROOT, dirname(document), path)))
        .map((path) => `${document}: ${path}`)
    );
  });
  assert.deepEqual(missing, []);
  context.diagnostic(`${named} paths in ${DOCUMENTS.length} documents`);
});

test('every link of a document leads to a file of the repository and to a heading of it', (context) => {
  let links = 0;
  const dead = DOCUMENTS.flatMap((document) => {
    const text = read(document)
      .replaceAll(FENCE, '')
      .replaceAll(/`[^`\n]+`/g, '');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)|\bsrc="([^"]+)"/g)].map(
      ([, link, picture = '']) => link ?? picture,
    );
    return targets
      .filter((target) => !/^(https?|mailto):/.test(target))
      .filter((target) => {
        links += 1;
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? document : join(dirname(document), path);
        if (!existsSync(join(ROOT, file))) return true;
        return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor);
      })
      .map((target) => `${document}: ${target}`);
  });
  assert.deepEqual(dead, []);
  context.diagnostic(`${links} links`);
});

test('every target of make that a document names is there', (context) => {
  const makefile = read('Makefile');
  const targets = new Set([...makefile.matchAll(/^([a-z][a-z0-9-]*):/gm)].map(([, name]) => name));
  const named = DOCUMENTS.flatMap((document) => {
    const commands = read(document).matchAll(/(?:^|`|\n)(?:[A-Z_]+=\S+ )*make ([a-z][a-z0-9-]*)/g);
    return [...commands].map(([, target = '']) => ({ document, target }));
  });
  const missing = named.filter(({ target }) => !targets.has(target));
  assert.deepEqual(
    missing.map(({ document, target }) => `${document}: make ${target}`),
    [],
  );
  context.diagnostic(`${named.length} times a target is named`);
});
