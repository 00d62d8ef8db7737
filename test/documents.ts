import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

/** Every document of the repository, by its path. */
export const DOCUMENTS: readonly string[] = execFileSync('git', ['ls-files', '-z', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '');

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
