import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

interface LockEntry {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

const ROOT = join(import.meta.dirname, '../..');
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockEntry>>;
};
const packages = Object.entries(lock.packages).filter(
  ([path, { link }]) => path.includes('node_modules/') && link !== true,
);
const shipped = packages.filter(([, { dev }]) => dev !== true);

/** What may be shipped beside Apache-2.0; libvips is used as a library of its own, under the LGPL. */
const LICENCES = new Set([
  'MIT',
  'Apache-2.0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Unlicense',
  'PSF-2.0',
  'LGPL-3.0-or-later',
]);
/** Those that say it otherwise, and what was read there. */
const READ: Readonly<Record<string, string>> = {
  'node_modules/dejavu-fonts-ttf': 'the Bitstream Vera licence, which is as free',
};

test('every package that is shipped is pinned by a digest and comes from the registry', (t) => {
  for (const [path, { integrity, resolved }] of shipped) {
    assert.match(integrity ?? '', /^sha512-/, path);
    const from = resolved ?? 'https://registry.npmjs.org/';
    assert.match(from, /^https:\/\/registry\.npmjs\.org\//, path);
  }
  const bare = packages.filter(([, { integrity }]) => integrity === undefined).length;
  t.diagnostic(
    `${packages.length} packages, ${shipped.length} of them shipped; ${bare} development tools of other platforms without a digest`,
  );
});

test('no package runs a script when it is installed', (t) => {
  assert.match(readFileSync(join(ROOT, '.npmrc'), 'utf8'), /^ignore-scripts=true$/m);
  const would = packages.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  t.diagnostic(`would: ${would.map(([path]) => path.replace('node_modules/', '')).join(', ')}`);
});

test('every package that is shipped has a licence that allows it', (t) => {
  const counts = new Map<string, number>();
  for (const [path, { license = 'none' }] of shipped) {
    const parts = license.replaceAll(/[()]/g, '').split(/ AND | OR /);
    const isFine = parts.every((part) => LICENCES.has(part)) || path in READ;
    assert.ok(isFine, `${path}: ${license}`);
    counts.set(license, (counts.get(license) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  t.diagnostic(sorted.map(([license, count]) => `${count} ${license}`).join(', '));
});
