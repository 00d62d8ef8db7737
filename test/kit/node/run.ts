import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Runs a program to its end; resolves with its stdout.
 *
 * @throws {Error} with what it printed, unless it ends with 0.
 */
export async function run(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, [...args], { maxBuffer: 64 << 20 });
  return stdout;
}
