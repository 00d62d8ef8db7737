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
import type { ControlPlane } from './control-plane.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { removeRestOfNode } from './node/left-behind.ts';
import { type OwnProcess, signalGroup, startTimeOf } from './own-process.ts';
import type { StateFolder } from './state-folder.ts';
import { waitFor } from './wait.ts';

/** A cluster that goes on after the command that started it, as the next command finds it. */
export interface ClusterRecord {
  readonly url: string;
  readonly kubeconfig: string;
  readonly kubectl: string;
  /** Certificates, data and logs. */
  readonly folders: readonly string[];
  /** Names and addresses to show: of the controller, of Prometheus. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly processes: readonly {
    readonly name: string;
    readonly pid: number;
    readonly started: string;
  }[];
  /** Of a cluster whose node runs pods: the name of its network. */
  readonly node?: string;
}

/** What a started cluster consists of. */
export interface ClusterParts {
  readonly plane: ControlPlane;
  readonly folders: readonly StateFolder[];
  readonly processes: readonly OwnProcess[];
  readonly addresses: ClusterRecord['addresses'];
  readonly node?: string;
}

const recordPath = (home: string) => join(home, 'cluster.json');
const isRunning = ({ pid, started }: ClusterRecord['processes'][number]) =>
  startTimeOf(pid) === started;

/** The cluster that `home` names, if all its processes still run. */
export function runningCluster(home: string): ClusterRecord | undefined {
  const cluster = readRecord(home);
  return cluster?.processes.every(isRunning) === true ? cluster : undefined;
}

/** Records a cluster in `home`, with a kubeconfig, and lets it go on when this process ends. */
export function recordCluster(home: string, parts: ClusterParts): ClusterRecord {
  const { plane, folders, processes, addresses, node } = parts;
  const kubeconfig = join(home, 'kubeconfig');
  const pair = plane.authority.issue({ commonName: 'you', organizations: ['system:masters'] });
  mkdirSync(home, { recursive: true });
  const credential = { kind: 'certificate', pair } as const;
  writeKubeconfig(kubeconfig, { server: plane.url, ca: plane.ca, credential });
  const cluster: ClusterRecord = {
    url: plane.url,
    kubeconfig,
    kubectl: plane.kubectlPath,
    folders: folders.map(({ path }) => path),
    addresses,
    processes: processes.map(({ name, pid }) => ({ name, pid, started: startTimeOf(pid) ?? '' })),
    ...(node === undefined ? {} : { node }),
  };
  writeFileSync(recordPath(home), `${JSON.stringify(cluster, undefined, 2)}\n`);
  for (const folder of folders) folder.handOver(plane.process('etcd').pid);
  for (const process of processes) process.release();
  plane.client.close();
  return cluster;
}

/** Ends the cluster that `home` names and removes its files; returns it, or undefined if there is none. */
export async function stopCluster(home: string): Promise<ClusterRecord | undefined> {
  const cluster = readRecord(home);
  if (cluster === undefined) return undefined;
  const running = cluster.processes.filter(isRunning);
  for (const { pid } of running) signalGroup(pid, 'SIGKILL');
  await waitFor(() => !running.some(isRunning), {
    what: 'the processes of the cluster have ended',
  });
  if (cluster.node !== undefined) await removeRestOfNode(cluster.node);
  for (const folder of cluster.folders) await removeFolder(folder);
  rmSync(cluster.kubeconfig, { force: true });
  rmSync(recordPath(home), { force: true });
  if (readdirSync(home).length === 0) rmdirSync(home);
  return cluster;
}

/** The next state folder of any test sweeps it too, and then rmSync gives up in the middle without an error. */
async function removeFolder(path: string): Promise<void> {
  const remove = () => {
    rmSync(path, { recursive: true, force: true });
    return !existsSync(path);
  };
  await waitFor(remove, { what: `${path} is removed` });
}

function readRecord(home: string): ClusterRecord | undefined {
  const path = recordPath(home);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ClusterRecord) : undefined;
}
