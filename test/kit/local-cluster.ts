import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Component, startControlPlane } from './control-plane.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { startKwok } from './kwok.ts';
import { signalGroup, startTimeOf } from './own-process.ts';
import { waitFor } from './wait.ts';

/** A control plane with fake nodes that goes on after the command that started it. */
export interface LocalCluster {
  readonly url: string;
  readonly kubeconfig: string;
  readonly kubectl: string;
  /** Certificates, data and logs. */
  readonly folder: string;
  readonly processes: readonly {
    readonly name: string;
    readonly pid: number;
    readonly started: string;
  }[];
}

const COMPONENTS: readonly Component[] = ['etcd', 'apiserver', 'controller-manager', 'scheduler'];

const recordPath = (home: string) => join(home, 'cluster.json');
const isRunning = ({ pid, started }: LocalCluster['processes'][number]) =>
  startTimeOf(pid) === started;

/** The cluster that `home` names, if all its processes still run. */
export function runningCluster(home: string): LocalCluster | undefined {
  const cluster = readRecord(home);
  return cluster?.processes.every(isRunning) === true ? cluster : undefined;
}

/**
 * Starts the cluster, installs the manifests of `crds` if there are any, and records it in `home`.
 *
 * @throws {Error} if it does not start; then nothing of it is left but the logs.
 */
export async function startLocalCluster(home: string, crds: string): Promise<LocalCluster> {
  await stopLocalCluster(home); // what is left of one that did not end in order
  const plane = await startControlPlane({ label: 'cluster', outlives: true });
  try {
    const kwok = await startKwok(plane, { outlives: true, gpus: 8, nodes: 4 });
    const manifests = existsSync(crds) && readdirSync(crds).some((name) => name.endsWith('.yaml'));
    if (manifests) await plane.kubectl(['apply', '--server-side', '-f', crds]);
    const kubeconfig = join(home, 'kubeconfig');
    const pair = plane.authority.issue({ commonName: 'you', organizations: ['system:masters'] });
    const credential = { kind: 'certificate', pair } as const;
    mkdirSync(home, { recursive: true });
    writeKubeconfig(kubeconfig, { server: plane.url, ca: plane.ca, credential });
    const processes = [...COMPONENTS.map((component) => plane.process(component)), kwok.process];
    const cluster: LocalCluster = {
      url: plane.url,
      kubeconfig,
      kubectl: plane.kubectlPath,
      folder: plane.folder.path,
      processes: processes.map(({ name, pid }) => ({ name, pid, started: startTimeOf(pid) ?? '' })),
    };
    writeFileSync(recordPath(home), `${JSON.stringify(cluster, undefined, 2)}\n`);
    plane.folder.handOver(plane.process('etcd').pid);
    plane.client.close();
    return cluster;
  } catch (error) {
    await plane.stop({ failed: true });
    throw error;
  }
}

/** Ends the cluster that `home` names and removes its files; returns it, or undefined if there is none. */
export async function stopLocalCluster(home: string): Promise<LocalCluster | undefined> {
  const cluster = readRecord(home);
  if (cluster === undefined) return undefined;
  const running = cluster.processes.filter(isRunning);
  for (const { pid } of running) signalGroup(pid, 'SIGKILL');
  await waitFor(() => !running.some(isRunning), {
    what: 'the processes of the cluster have ended',
  });
  rmSync(cluster.folder, { recursive: true, force: true });
  rmSync(cluster.kubeconfig, { force: true });
  rmSync(recordPath(home), { force: true });
  if (readdirSync(home).length === 0) rmdirSync(home);
  return cluster;
}

function readRecord(home: string): LocalCluster | undefined {
  const path = recordPath(home);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as LocalCluster) : undefined;
}
