import { mkdirSync, readFileSync } from 'node:fs';
import type { OwnProcess, ProcessOptions } from '../own-process.ts';
import { startProcess } from '../own-process.ts';
import type { StateFolder } from '../state-folder.ts';
import { waitFor } from '../wait.ts';
import { freeNetwork, type NodeNetwork } from './network.ts';
import { run } from './run.ts';

/**
 * A machine within this one: namespaces of its own for processes, mounts, network and host name.
 *
 * The kernel removes all of it with its first process: processes, mounts, interfaces, routes, packet
 * filter rules, network namespaces of pods. What can be left are folders and cgroups.
 */
export interface NodeBox {
  readonly network: NodeNetwork;
  /** Ends with everything that is in the box. */
  readonly process: OwnProcess;
  /** Starts a program inside; signals to it reach the program. */
  start(options: ProcessOptions): Promise<OwnProcess>;
  /** Runs a program inside to its end; resolves with its stdout. */
  run(command: string, args: readonly string[]): Promise<string>;
}

export interface NodeBoxOptions {
  readonly folder: StateFolder;
  /** What containers and images take on disk. */
  readonly containerd: string;
  /** It goes on when this process ends. @default false */
  readonly outlives?: boolean;
}

/** A kubelet sets these for the whole machine; in the box they are files, which take what it writes. */
const SET_BY_KUBELET = [
  ...['vm/overcommit_memory', 'vm/panic_on_oom', 'kernel/panic', 'kernel/panic_on_oops'],
  ...['kernel/keys/root_maxkeys', 'kernel/keys/root_maxbytes'],
];

/** A word in the command of the box of a network. */
export const boxTitle = (name: string): string => `box-of-${name}.`;

/** The node's name in Kubernetes, and its host name. */
export const NODE_NAME = 'node-0';

/**
 * Starts an empty box with a wire to this machine; the host reaches pods and Services through it.
 *
 * @throws {Error} if the kernel refuses a namespace or the network.
 */
export async function startNodeBox(options: NodeBoxOptions): Promise<NodeBox> {
  const { folder, containerd, outlives = false } = options;
  const network = await freeNetwork();
  const log = folder.file('box.log');
  const lib = folder.file('lib');
  for (const path of ['kubelet', 'containerd', 'cni'])
    mkdirSync(`${lib}/${path}`, { recursive: true });
  for (const name of ['var-log', 'sys']) mkdirSync(folder.file(name));
  mkdirSync(containerd, { recursive: true });
  const script = `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount --bind "$1" /var/lib
mount --bind "$2" /var/log
mount --bind "$3" /var/lib/containerd
mount -t tmpfs -o mode=755 tmpfs /run
for name in ${SET_BY_KUBELET.join(' ')}; do
  cp "/proc/sys/$name" "$4/$(basename "$name")"
  mount --bind "$4/$(basename "$name")" "/proc/sys/$name"
done
hostname ${NODE_NAME}
ip link set lo up
trap '' CHLD # so the kernel itself buries the orphans that come to us
exec sleep infinity`;
  const process = await startProcess({
    name: 'box',
    command: 'unshare',
    args: [
      ...['--mount', '--net', '--pid', '--uts', '--ipc', '--fork', '--kill-child=KILL'],
      ...[
        'sh',
        '-c',
        script,
        boxTitle(network.name),
        lib,
        folder.file('var-log'),
        containerd,
        folder.file('sys'),
      ],
    ],
    logFile: log,
    outlives,
  });
  try {
    const init = await waitFor(() => sleepingChild(process.pid), {
      what: 'the box is set up',
      unless: process.whyEnded,
    });
    const enter = ['--target', init, '--mount', '--net', '--pid', '--uts', '--ipc', '--'];
    const box: NodeBox = {
      network,
      process,
      start: ({ command, args = [], ...others }) =>
        startProcess({
          ...others,
          outlives,
          command: 'nsenter',
          args: [...enter, command, ...args],
        }),
      run: (command, args) => run('nsenter', [...enter, command, ...args]),
    };
    await wire(box, init);
    return box;
  } catch (error) {
    await process.kill();
    throw error;
  }
}

/** The only child of a process, once it has become `sleep`. */
function sleepingChild(pid: number): string | undefined {
  const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return readFileSync(`/proc/${child}/comm`, 'utf8').trim() === 'sleep' ? child : undefined;
}

/** A pair of interfaces, one end here and one in the box: it goes with the box. */
async function wire({ network, run: inside }: NodeBox, init: string): Promise<void> {
  const { name, host, node, range } = network;
  await run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', init]);
  await run('ip', ['address', 'add', `${host}/24`, 'dev', name]);
  await run('ip', ['link', 'set', name, 'up']);
  await run('ip', ['route', 'add', range, 'via', node]);
  await inside('ip', ['address', 'add', `${node}/24`, 'dev', 'eth0']);
  await inside('ip', ['link', 'set', 'eth0', 'up']);
  await inside('ip', ['route', 'add', 'default', 'via', host]);
  await inside('sh', ['-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']);
}
