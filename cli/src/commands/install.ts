import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeLines } from '../channel.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { shellWords } from '../render/shell-words.ts';
import type { Surroundings } from '../surroundings.ts';

export interface InstallOptions {
  readonly namespace?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
}

const CHART = fileURLToPath(new URL('../../../charts/espalier', import.meta.url));

/**
 * Prints what installs Espalier. It starts nothing: what runs in a cluster for all its users, helm and
 * whoever runs the cluster decide, with values of their own.
 */
export async function install(
  { stdout, stderr, cwd }: Surroundings,
  { namespace = 'espalier-system', context, kubeconfig }: InstallOptions,
): Promise<ExitCode> {
  const chart = existsSync(CHART) ? relative(cwd, CHART) || '.' : 'charts/espalier';
  const place = (flag: string) => [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : [flag, context]),
  ];
  const cluster = place('--context');
  const helm = ['--namespace', namespace, ...place('--kube-context')];
  writeLines(stdout, [
    '# the controller with a nats-server and a store of its own, to try it',
    shellWords(['helm', 'install', 'espalier', chart, ...helm, '--create-namespace', '--wait']),
    '# one trial, from the API server to the store and back',
    shellWords(['helm', 'test', 'espalier', ...helm]),
    '# whether you can use it, in your namespace',
    shellWords(['espalier', 'doctor', ...(cluster.length === 0 ? ['--cluster'] : cluster)]),
  ]);
  stderr.write(
    'with NATS and S3 of your own, and for images in your registry: docs/install.md; to undo it: ' +
      `${shellWords(['helm', 'uninstall', 'espalier', ...helm])}\n`,
  );
  return EXIT.ok;
}
