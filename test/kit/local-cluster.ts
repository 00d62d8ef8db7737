import { join } from 'node:path';
import { type ClusterRecord, recordCluster, stopCluster } from './cluster-record.ts';
import { COMPONENTS, type ControlPlane, startControlPlane } from './control-plane.ts';
import {
  CONTROLLER_ACCOUNT,
  CONTROLLER_NAMESPACE,
  installControllerAccount,
} from './controller-account.ts';
import { untilCrdsServed } from './crds.ts';
import { freePort } from './free-port.ts';
import { startKwok } from './kwok.ts';
import { PRETENDING_PODS } from './kwok-stages.ts';
import { endOrphans } from './orphans.ts';
import { type OwnProcess, startProcess } from './own-process.ts';
import { waitFor } from './wait.ts';

/**
 * Starts a control plane with fake nodes and our controller that go on after this process, and records them
 * in `home`: installs `manifests/crd` and `manifests/rbac` of `root`, and starts the controller from its
 * sources with those rights.
 *
 * @throws {Error} if it does not start; then nothing of it is left but the logs.
 */
export async function startLocalCluster(home: string, root: string): Promise<ClusterRecord> {
  await stopCluster(home); // what is left of one that did not end in order
  await endOrphans();
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
    const components = COMPONENTS.map((component) => plane.process(component));
    return recordCluster(home, {
      plane,
      folders: [plane.folder],
      processes: [...components, kwok.process, controller.process],
      addresses: { metrics: `${controller.url}/metrics` },
    });
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
