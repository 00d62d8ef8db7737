import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * The dependency rule, as data: each layer with the layers it may import. ARCHITECTURE.md draws it;
 * `architecture.test.ts` walks every import and holds it against this table.
 */
interface Layer {
  readonly name: string;
  readonly folder: string;
  readonly mayImport: readonly string[];
  /** Pure layers see no clock, no randomness and nothing of Node. */
  readonly pure: boolean;
}

/** Each is a layer of its own: adapters know ports, and nothing of each other. */
const ADAPTERS: readonly Layer[] = ['http', 'k8s', 'local', 'log', 'nats', 'prom', 's3'].map(
  (name) => ({
    name: `${name} adapter`,
    folder: `controller/src/adapters/${name}`,
    mayImport: ['api', 'domain', 'ports'],
    pure: false,
  }),
);

export const LAYERS: readonly Layer[] = [
  // Longest folder first: a file belongs to the first layer whose folder contains it.
  { name: 'domain', folder: 'controller/src/domain', mayImport: ['api', 'search'], pure: true },
  { name: 'ports', folder: 'controller/src/ports', mayImport: ['api', 'domain'], pure: true },
  { name: 'runtime', folder: 'controller/src/runtime', mayImport: ['ports'], pure: false },
  {
    name: 'reconcilers',
    folder: 'controller/src/reconcilers',
    mayImport: ['api', 'search', 'domain', 'ports', 'runtime'],
    pure: false,
  },
  {
    name: 'requests',
    folder: 'controller/src/requests',
    mayImport: ['api', 'domain', 'ports'],
    pure: false,
  },
  ...ADAPTERS,
  {
    name: 'composition root',
    folder: 'controller/src',
    mayImport: [
      ...['api', 'search', 'domain', 'ports', 'runtime', 'reconcilers', 'requests'],
      ...ADAPTERS.map(({ name }) => name),
    ],
    pure: false,
  },
  { name: 'api', folder: 'api/src', mayImport: [], pure: true },
  { name: 'search', folder: 'search/src', mayImport: [], pure: true },
  { name: 'courier', folder: 'courier/src', mayImport: ['api'], pure: false },
  { name: 'trainer', folder: 'trainer-image/src', mayImport: ['api', 'courier'], pure: false },
  { name: 'cli', folder: 'cli/src', mayImport: ['api', 'search', 'composition root'], pure: false },
];

const PACKAGES: Readonly<Record<string, string>> = {
  '@espalier/api': 'api',
  '@espalier/courier': 'courier',
  '@espalier/search': 'search',
  '@espalier/controller/local': 'composition root',
  '@espalier/controller/remote': 'composition root',
};

const IMPURE = [
  { what: 'Math.random', pattern: /\bMath\.random\b/ },
  { what: 'the clock', pattern: /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/ },
  { what: 'a timer', pattern: /\bset(Timeout|Interval|Immediate)\b/ },
  { what: 'the console', pattern: /\bconsole\./ },
  { what: 'the process', pattern: /\bprocess\.(env|argv|hrtime)\b/ },
];

/** What breaks the rule in one file, in words; empty = nothing. `file` is relative to the root. */
export function violations(file: string, source: string): string[] {
  const layer = layerOf(file);
  if (layer === undefined) return [];
  const found: string[] = [];
  for (const specifier of importsOf(source)) {
    const target = targetOf(file, specifier);
    if (target === 'node' && layer.pure) found.push(`${layer.name} must not import ${specifier}`);
    if (target === undefined || target === 'node' || target === layer.name) continue;
    if (!layer.mayImport.includes(target)) {
      found.push(`${layer.name} must not import ${target} (${specifier})`);
    }
  }
  if (layer.pure) {
    const code = withoutComments(source);
    for (const { what, pattern } of IMPURE) {
      if (pattern.test(code)) found.push(`${layer.name} must not use ${what}`);
    }
  }
  return found;
}

/** Every source file of the layers, relative to `root`; tests are held to no layer. */
export function sourceFiles(root: string): string[] {
  const folders = [
    'api/src',
    'search/src',
    'controller/src',
    'cli/src',
    'courier/src',
    'trainer-image/src',
  ];
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((name) => name.endsWith('.ts') && !isTest(name)),
  );
}

export function readSource(root: string, file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function isTest(file: string): boolean {
  return file.endsWith('.test.ts') || file.includes('/testing/');
}

function layerOf(file: string): Layer | undefined {
  return LAYERS.find((layer) => file.startsWith(`${layer.folder}/`));
}

function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    const path = normalize(join(dirname(file), specifier));
    return layerOf(path)?.name ?? `something outside the layers: ${path}`;
  }
  if (specifier.startsWith('node:')) return 'node';
  if (specifier.startsWith('@espalier/')) return PACKAGES[specifier] ?? specifier;
  return undefined;
}

function importsOf(source: string): string[] {
  const statements = /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*['"]([^'"]+)['"]/g;
  const dynamic = /\bimport\(\s*['"]([^'"]+)['"]/g;
  const code = withoutComments(source);
  return [...code.matchAll(statements), ...code.matchAll(dynamic)].map((match) => match[1] ?? '');
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}
