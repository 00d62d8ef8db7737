import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acceptanceTable, collectRows, droppedRows } from './generate-acceptance.ts';
import { chartFiles } from './generate-chart.ts';
import { cliFile } from './generate-cli.ts';
import { CONTRACT, contractFile } from './generate-contract.ts';
import { crdFiles, editorSchemaFile } from './generate-crds.ts';
import { dashboardFile } from './generate-dashboard.ts';
import { referenceFile } from './generate-reference.ts';

/**
 * `make generate` and, with `--check`, the part of `make verify` that says which generated files
 * differ from their sources. Exit code 1: something differs, or a row of docs/acceptance.md would
 * get lost and `--allow-removed` was not given.
 */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const ACCEPTANCE = 'docs/acceptance.md';
const TEST_FILES = [
  '{api,search,controller,cli,courier,trainer-image,test,scripts,charts}/**/*.test.ts',
  // Titles of tests that others run.
  'search/src/conformance.ts',
];

/** Folders in which every file is ours: one that nobody writes any more is stale. */
const OWNED = [
  'manifests/crd/*.yaml',
  'charts/espalier/templates/crd-*.yaml',
  'charts/espalier/files/**/*.*',
];

function say(line: string): void {
  process.stderr.write(`generate: ${line}\n`);
}

function readOr(path: string, otherwise: string): string {
  return existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : otherwise;
}

function testFiles(): Map<string, string> {
  const paths = globSync(TEST_FILES, {
    cwd: ROOT,
    exclude: (path) => ['node_modules', 'dist'].includes(path.split('/').at(-1) ?? ''),
  });
  return new Map(paths.sort().map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

async function generate(allowRemoved: boolean): Promise<Map<string, string> | undefined> {
  const acceptance = acceptanceTable(collectRows(testFiles()));
  const dropped = droppedRows(readOr(ACCEPTANCE, ''), acceptance);
  if (dropped.length > 0 && !allowRemoved) {
    say(
      `${ACCEPTANCE}: no test proves ${dropped.join(', ')} any more (--allow-removed drops them)`,
    );
    return undefined;
  }
  return new Map([
    ...crdFiles(),
    editorSchemaFile(),
    referenceFile(),
    contractFile(readOr(CONTRACT, '')),
    dashboardFile(),
    await cliFile(),
    ...chartFiles(),
    [ACCEPTANCE, acceptance],
  ]);
}

async function main(args: readonly string[]): Promise<number> {
  const isCheck = args.includes('--check');
  const unknown = args.filter((arg) => arg !== '--check' && arg !== '--allow-removed');
  if (unknown.length > 0) {
    say(`unknown argument ${unknown.join(' ')}; known: --check --allow-removed`);
    return 2;
  }
  const files = await generate(args.includes('--allow-removed'));
  if (files === undefined) return 1;
  const stale = globSync(OWNED, { cwd: ROOT }).filter((path) => !files.has(path));
  for (const path of stale) say(`${path} has no source any more; remove it`);
  const different = [...files].filter(([path, content]) => readOr(path, '') !== content);
  for (const [path, content] of different) {
    say(isCheck ? `${path} differs; run make generate` : `wrote ${path}`);
    if (isCheck) continue;
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), content);
  }
  if (different.length === 0) say(`${files.size} files are up to date`);
  return stale.length > 0 || (isCheck && different.length > 0) ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
