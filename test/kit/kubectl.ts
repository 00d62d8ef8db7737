import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/**
 * Runs kubectl with a kubeconfig and a stdin; resolves with its stdout.
 *
 * @throws {Error} with what it printed, unless it ends with 0.
 */
export async function runKubectl(
  kubectl: string,
  kubeconfig: string,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const running = promisify(execFile)(kubectl, ['--kubeconfig', kubeconfig, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    // Without a home of its own it would write its discovery cache into the user's.
    env: { HOME: dirname(kubeconfig) },
  });
  running.child.stdin?.end(input);
  return (await running).stdout;
}
