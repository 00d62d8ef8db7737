import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runKubectl } from '../kubectl.ts';
import { installRelease, projectImages } from '../node/release.ts';
import { run } from '../node/run.ts';
import { bundledServerImages } from '../node/server-images.ts';
import { toolPaths } from '../tools.ts';

const NAME = 'espalier';
const CONFIG = join(import.meta.dirname, 'cluster.yaml');
const GPUS = 2;

/** A cluster in a container, as a command finds it. */
export interface KindCluster {
  readonly kubeconfig: string;
  readonly kubectl: string;
}

/** Whether an engine of Docker answers here. */
export const hasDocker = (): boolean =>
  spawnSync('docker', ['version'], { stdio: 'ignore' }).status === 0;

/** The cluster, if kind knows one of our name. */
export async function runningKind(home: string): Promise<KindCluster | undefined> {
  const { kind, kubectl } = await toolPaths(['kind', 'kubectl']);
  const names = (await run(kind, ['get', 'clusters'])).split('\n');
  return names.includes(NAME) ? { kubeconfig: kubeconfigOf(home), kubectl } : undefined;
}

/**
 * Starts a cluster with our images, the chart and its bundled servers.
 *
 * @throws {Error} if it does not start; then nothing of it is left.
 */
export async function startKind(
  home: string,
  step: <T>(what: string, work: () => Promise<T>) => Promise<T>,
): Promise<KindCluster> {
  const { kind, kubectl } = await toolPaths(['kind', 'kubectl']);
  const kubeconfig = kubeconfigOf(home);
  const archives = await step('images built', async () => [
    ...(await bundledServerImages()),
    ...(await projectImages()),
  ]);
  mkdirSync(home, { recursive: true });
  try {
    const place = ['--kubeconfig', kubeconfig];
    await step('kind', () =>
      run(kind, ['create', 'cluster', '--config', CONFIG, '--wait', '180s', ...place]),
    );
    await step('images loaded', async () => {
      for (const path of archives) await run(kind, ['load', 'image-archive', path, '--name', NAME]);
    });
    const path = '/status/capacity/nvidia.com~1gpu';
    const patch = JSON.stringify([{ op: 'add', path, value: String(GPUS) }]);
    const node = ['node', `${NAME}-control-plane`, '--subresource=status', '--type=json'];
    await runKubectl(kubectl, kubeconfig, ['patch', ...node, '--patch', patch]);
    await step('chart', () => installRelease(kubeconfig));
    return { kubeconfig, kubectl };
  } catch (error) {
    await stopKind(home);
    throw error;
  }
}

/** Removes the cluster; tells whether there was one. */
export async function stopKind(home: string): Promise<boolean> {
  const { kind } = await toolPaths(['kind']);
  const cluster = await runningKind(home);
  if (cluster === undefined) return false;
  await run(kind, ['delete', 'cluster', '--name', NAME, '--kubeconfig', cluster.kubeconfig]);
  rmSync(cluster.kubeconfig, { force: true });
  return true;
}

const kubeconfigOf = (home: string) => join(home, 'kubeconfig');
