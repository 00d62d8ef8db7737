import { customResourceDefinitions } from '@espalier/api';
import type { FieldTree } from '@espalier/controller/remote';

/** What a server does not know of the fields that this program writes and reads, and the reverse. */
export interface FieldGaps {
  readonly missing: readonly string[];
  readonly newer: readonly string[];
}

/** Compares the kinds of a server with ours, by the paths of their fields. */
export function fieldGaps(served: ReadonlyMap<string, FieldTree>): FieldGaps {
  const missing: string[] = [];
  const newer: string[] = [];
  for (const { spec } of customResourceDefinitions()) {
    const [version] = spec.versions;
    const ours = pathsOf(version?.schema.openAPIV3Schema ?? {});
    const theirs = pathsOf(served.get(spec.names.kind) ?? {});
    const name = (path: string) => `${spec.names.kind}.${path}`;
    missing.push(...[...ours].filter((path) => !theirs.has(path)).map(name));
    newer.push(...[...theirs].filter((path) => !ours.has(path)).map(name));
  }
  return { missing, newer };
}

/** Below spec and status: the rest is the server's own. */
function pathsOf({ properties = {} }: FieldTree): ReadonlySet<string> {
  const paths = new Set<string>();
  const walk = (tree: FieldTree, path: string) => {
    paths.add(path);
    for (const [name, field] of Object.entries(tree.properties ?? {})) {
      walk(field, `${path}.${name}`);
    }
    if (tree.items !== undefined) walk(tree.items, `${path}[]`);
  };
  for (const part of ['spec', 'status']) {
    const tree = properties[part];
    if (tree !== undefined) walk(tree, part);
  }
  return paths;
}
