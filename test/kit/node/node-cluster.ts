import { mkdirSync } from 'node:fs';
import { COMPONENTS, type ControlPlane, startControlPlane } from '../control-plane.ts';
import { endOrphans } from '../orphans.ts';
import type { OwnProcess } from '../own-process.ts';
import { makeStateFolder, type StateFolder } from '../state-folder.ts';
import { makeCgroup } from './cgroups.ts';
import { type Containerd, startContainerd } from './containerd.ts';
import type { Kubelet } from './kubelet.ts';
import { removeLeftBehind, removeRestOfNode } from './left-behind.ts';
import { type NodeBox, startNodeBox } from './node-box.ts';
import { startRealNode } from './real-node.ts';
import { serverImages } from './server-images.ts';
import { offerVolumes } from './volumes.ts';

export interface NodeClusterOptions {
  /** GPUs that the node claims to have. @default 2 */
  readonly gpus?: number;
  /** Archives of more images. */
  readonly images?: () => Promise<readonly string[]>;
  /** It goes on when this process ends. @default false */
  readonly outlives?: boolean;
  /** Runs a step of the start, for progress; an AbortError of it ends the start without keeping logs. */
  readonly step?: <T>(what: string, work: () => Promise<T>) => Promise<T>;
}

/** A real Kubernetes of one node, which runs pods. */
export interface NodeCluster {
  readonly plane: ControlPlane;
  readonly box: NodeBox;
  readonly kubelet: Kubelet;
  readonly containerd: Containerd;
  /** Where the logs of containers lie on this machine, as long as their pods: `<pod>/<container>/<n>.log`. */
  readonly podLogs: string;
  readonly folders: readonly StateFolder[];
  readonly processes: readonly OwnProcess[];
  /** Ends everything and removes it. */
  stop(options?: { readonly failed?: boolean }): Promise<void>;
}

/**
 * Starts a control plane and a node; resolves when pods run. Call it only where `whyNoNode()` is false.
 *
 * @throws {Error} if it does not start; then nothing of it is left but the logs.
 */
export async function startNodeCluster(options: NodeClusterOptions = {}): Promise<NodeCluster> {
  const { gpus = 2, images, outlives = false, step = (_, work) => work() } = options;
  await endOrphans();
  await removeLeftBehind();
  const archives = await step('images built', async () => [
    ...(await serverImages()),
    ...((await images?.()) ?? []),
  ]);
  const folder = makeStateFolder('node');
  let starting: Promise<ControlPlane> | undefined;
  let box: NodeBox | undefined;
  const stop = async ({ failed = false } = {}): Promise<void> => {
    const plane = await starting?.catch(() => undefined); // which has stopped itself
    await box?.process.kill();
    await plane?.stop({ failed });
    if (box !== undefined) await removeRestOfNode(box.network.name);
    folder.remove({ keepLogs: failed });
  };
  try {
    box = await startNodeBox({ folder, containerd: folder.file('containerd'), outlives });
    const { network } = box;
    const here = box;
    makeCgroup(network.name);
    const [plane, containerd] = await step('control plane, containerd', () => {
      starting = startControlPlane({ label: 'plane', addresses: network, outlives });
      return Promise.all([starting, startContainerd(here, folder)]);
    });
    await step('images loaded', async () => {
      for (const archive of archives) await containerd.importImage(archive);
    });
    const volumes = folder.file('volumes');
    mkdirSync(volumes);
    await offerVolumes(plane, volumes);
    const node = await step('node', () =>
      startRealNode({ plane, box: here, containerd, folder, gpus }),
    );
    return {
      plane,
      box,
      kubelet: node.kubelet,
      containerd,
      podLogs: folder.file('var-log/pods'),
      folders: [plane.folder, folder],
      get processes() {
        return [...COMPONENTS.map((component) => plane.process(component)), ...node.processes];
      },
      stop,
    };
  } catch (error) {
    await stop({ failed: !isInterruption(error) });
    throw error;
  }
}

/** Whether somebody gave up waiting, so that no log can explain anything. */
export const isInterruption = (error: unknown): boolean =>
  error instanceof Error && error.name === 'AbortError';
