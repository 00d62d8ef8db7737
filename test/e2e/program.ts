import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');

/** Runs a program of this checkout, as a user does; resolves with what it printed. */
export async function run(
  main: 'cli/src/main.ts' | 'trainer-image/src/main.ts',
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const all = ['--conditions=@espalier/source', join(ROOT, main), ...args];
  const options = { env: { ...process.env, ...env }, maxBuffer: 16 << 20 };
  return (await promisify(execFile)(process.execPath, all, options)).stdout;
}
