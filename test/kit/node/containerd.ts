import { writeFileSync } from 'node:fs';
import type { OwnProcess } from '../own-process.ts';
import type { StateFolder } from '../state-folder.ts';
import { waitFor } from '../wait.ts';
import type { NodeBox } from './node-box.ts';

export interface Containerd {
  readonly process: OwnProcess;
  /** Adds the images of an OCI archive. */
  importImage(archive: string): Promise<void>;
  /** SIGKILL for all processes of a container that a pod's status names; throws if none of them runs. */
  killContainer(id: string): Promise<void>;
}

export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';
export const PAUSE_IMAGE = 'localhost/pause:1';

/** Starts containerd in the box; resolves when it serves. */
export async function startContainerd(box: NodeBox, folder: StateFolder): Promise<Containerd> {
  const { pods } = box.network;
  const cni = {
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'pods',
        isGateway: true,
        ipMasq: false,
        hairpinMode: true, // a pod may reach itself through its Service
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: pods }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  };
  const networks = folder.file('cni');
  writeFileSync(folder.file('cni.conflist'), JSON.stringify(cni));
  const config = folder.file('containerd.toml');
  writeFileSync(
    config,
    `version = 2
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.zfs"]
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${PAUSE_IMAGE}"
# Else a sandbox dies in runc where root lacks CAP_SYS_RESOURCE, which a lower OOM score needs.
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "${networks}"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
`,
  );
  await box.run('sh', [
    '-c',
    'mkdir -p "$1" && mv "$2" "$1/10-pods.conflist"',
    'sh',
    networks,
    folder.file('cni.conflist'),
  ]);
  const process = await box.start({
    name: 'containerd',
    command: 'containerd',
    args: ['--config', config],
    logFile: folder.file('containerd.log'),
  });
  const ctr = (...args: string[]) =>
    box.run('ctr', ['--address', CONTAINERD_SOCKET, '--namespace', 'k8s.io', ...args]);
  await waitFor(() => ctr('version'), { what: 'containerd serves', unless: process.whyEnded });
  return {
    process,
    importImage: async (archive) => {
      await ctr('images', 'import', archive);
    },
    killContainer: async (id) => {
      const task = id.replace('containerd://', '');
      await ctr('tasks', 'kill', '--all', '--signal', 'SIGKILL', task);
    },
  };
}
