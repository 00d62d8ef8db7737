import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const script = join(import.meta.dirname, '../../scripts/build-tools.sh');

/** The programs that scripts/build-tools.sh can build. */
export type Tool =
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubectl'
  | 'etcd'
  | 'kwok'
  | 'nats-server'
  | 'versitygw'
  | 'kubelet'
  | 'kube-proxy'
  | 'coredns'
  | 'crane'
  | 'helm'
  | 'kind';

/** The programs that a control plane with fake nodes needs. */
export const CONTROL_PLANE_TOOLS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'kwok',
] as const satisfies readonly Tool[];

/** Why tests that start Go programs cannot run here, or false; for `skip` of node:test. */
export function whyNoTools(): string | false {
  const found = (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, 'go'), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return found ? false : 'Go is missing: the real servers are built from their Go modules';
}

/**
 * Resolves with the path of each program, built first where this version is not in the cache yet.
 * The builds' progress goes to stderr.
 *
 * @throws {Error} if a build fails.
 */
export async function toolPaths<T extends Tool>(
  names: readonly T[],
): Promise<Readonly<Record<T, string>>> {
  const child = spawn(script, names, { stdio: ['ignore', 'pipe', 'inherit'] });
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', resolve);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const status = await ended;
  if (status !== 0) throw new Error(`build-tools.sh ${names.join(' ')} ended with ${status}`);
  const lines = output.trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
  ) as Record<T, string>;
}
