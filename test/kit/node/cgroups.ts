import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** Where cgroups lie: one tree with cgroup v2, one per controller with v1. */
const trees = (): string[] =>
  existsSync(join(ROOT, 'cgroup.controllers')) ? [ROOT] : subfolders(ROOT);

const roots = (name: string): string[] => trees().map((tree) => join(tree, name));

const subfolders = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));

/** Makes the cgroup under which a kubelet puts its pods; it will not make it itself. */
export function makeCgroup(name: string): void {
  for (const root of roots(name)) mkdirSync(root, { recursive: true });
}

/** Removes a cgroup and all below it; false while processes are in it. */
export function removeCgroup(name: string): boolean {
  let gone = true;
  for (const root of roots(name)) gone = removeFrom(root) && gone;
  return gone;
}

function removeFrom(folder: string): boolean {
  if (!existsSync(folder)) return true;
  try {
    for (const child of subfolders(folder)) removeFrom(child);
    rmdirSync(folder);
    return true;
  } catch {
    return !existsSync(folder); // a process is still in it
  }
}

/** Names of the cgroups that match, in any tree. */
export function cgroupsLike(pattern: RegExp): string[] {
  return [...new Set(trees().flatMap((tree) => readdirSync(tree)))].filter((name) =>
    pattern.test(name),
  );
}
