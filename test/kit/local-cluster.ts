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
import { type Component, type ControlPlane, startControlPlane } from './control-plane.ts';
import {
  CONTROLLER_ACCOUNT,
  CONTROLLER_NAMESPACE,
  installControllerAccount,
} from './controller-account.ts';
import { untilCrdsServed } from './crds.ts';
import { freePort } from './free-port.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { startKwok } from './kwok.ts';
import { PRETENDING_PODS } from './kwok-stages.ts';
import { type OwnProcess, signalGroup, startProcess, startTimeOf } from './own-process.ts';
import { waitFor } from './wait.ts';

/** A control plane with fake nodes and our controller that goes on after the command that started it. */
export interface LocalCluster {
  readonly url: string;
  readonly kubeconfig: string;
  readonly kubectl: string;
  /** Of the controller: probes and metrics. */
  readonly controller: string;
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
 * Starts the cluster, installs `manifests/crd` and `manifests/rbac` of `root`, starts the controller
 * from its sources with those rights, and records all of it in `home`.
 *
 * @throws {Error} if it does not start; then nothing of it is left but the logs.
 */
export async function startLocalCluster(home: string, root: string): Promise<LocalCluster> {
  await stopLocalCluster(home); // what is left of one that did not end in order
  const plane = await startControlPlane({ label: 'cluster', outlives: true });
  try {
    const kwok = await startKwok(plane, {
      outlives: true,
      gpus: 8,
      nodes: 4,
      stages: PRETENDING_PODS,
    });
    await plane.kubectl(['apply', '--server-side', '-f', join(root, 'manifests/crd')]);
    await untilCrdsServed(plane.client);
    await installControllerAccount(plane, join(root, 'manifests/rbac'));
    const controller = await startController(plane, root);
    const kubeconfig = join(home, 'kubeconfig');
    const pair = plane.authority.issue({ commonName: 'you', organizations: ['system:masters'] });
    const credential = { kind: 'certificate', pair } as const;
    mkdirSync(home, { recursive: true });
    writeKubeconfig(kubeconfig, { server: plane.url, ca: plane.ca, credential });
    const components = COMPONENTS.map((component) => plane.process(component));
    const processes = [...components, kwok.process, controller.process];
    const cluster: LocalCluster = {
      url: plane.url,
      kubeconfig,
      kubectl: plane.kubectlPath,
      controller: controller.url,
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

async function startController(
  plane: ControlPlane,
  root: string,
): Promise<{ readonly process: OwnProcess; readonly url: string }> {
  const account = ['-n', CONTROLLER_NAMESPACE, CONTROLLER_ACCOUNT];
  const token = await plane.kubectl(['create', 'token', '--duration=720h', ...account]);
  const kubeconfig = plane.writeKubeconfig('controller', token.trim());
  const port = await freePort();
  const process = await startProcess({
    name: 'controller',
    command: globalThis.process.execPath,
    args: [
      '--conditions=@espalier/source',
      join(root, 'controller/src/main.ts'),
      `--kubeconfig=${kubeconfig}`,
      `--lease-namespace=${CONTROLLER_NAMESPACE}`,
      '--http-host=127.0.0.1',
      `--http-port=${port}`,
    ],
    logFile: plane.folder.file('controller.log'),
    outlives: true,
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(`${url}/readyz`)).ok, {
    what: 'the controller is ready',
    unless: () => process.whyEnded(),
  });
  return { process, url };
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
