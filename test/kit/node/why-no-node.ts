import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyNoPrometheus } from '../prometheus.ts';
import { whyNoTools } from '../tools.ts';

/** What Debian has of a node, and a shell for the pods of tests. */
const PACKAGES = [
  ...['containerd', 'runc', 'containernetworking-plugins', 'iptables', 'iproute2', 'conntrack'],
  ...['busybox-static', 'gcc', 'libc6-dev', 'util-linux', 'mount'],
];
const installer = join(import.meta.dirname, '../../../scripts/host-packages.sh');

let found: string | false | undefined;

/**
 * Why no node can run pods here, or false; for `skip` of node:test. Where it may (root and
 * ESPALIER_HOST_TESTS=1) it installs the packages that are missing, and tries what the kernel must allow.
 */
export function whyNoNode(): string | false {
  found ??= look();
  return found;
}

function look(): string | false {
  if (process.platform !== 'linux') return 'a node that runs pods needs Linux';
  if (process.env['ESPALIER_HOST_TESTS'] !== '1') {
    return 'a node that runs pods needs root and ESPALIER_HOST_TESTS=1';
  }
  if (process.getuid?.() !== 0) return 'a node that runs pods needs root';
  return whyNoTools() || whyNoPackages() || whyNoPrometheus() || whyNoCgroups() || whyNoBox();
}

function whyNoPackages(): string | false {
  const { status, stderr } = spawnSync(installer, PACKAGES, { encoding: 'utf8' });
  return status === 0 ? false : stderr.trim().split('\n').at(-1) || `${installer} failed`;
}

/** The controllers that a kubelet asks for. */
function whyNoCgroups(): string | false {
  const root = '/sys/fs/cgroup';
  const wanted = ['cpu', 'memory', 'pids'];
  const file = join(root, 'cgroup.subtree_control');
  const has = existsSync(file)
    ? readFileSync(file, 'utf8').trim().split(' ')
    : wanted.filter((name) => existsSync(join(root, name)));
  const missing = wanted.filter((name) => !has.includes(name));
  if (missing.length > 0) return `no cgroups of ${missing.join(', ')} in ${root}`;
  const trial = join(root, existsSync(file) ? '' : 'memory', `espalier-trial-${process.pid}`);
  try {
    mkdirSync(trial);
    rmdirSync(trial);
    return false;
  } catch (error) {
    return `cannot make a cgroup: ${(error as Error).message}`;
  }
}

/** Tries, in namespaces that end at once, every kind of thing that a node needs of the kernel. */
function whyNoBox(): string | false {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-trial-'));
  const script = `set -e
mount --make-rprivate /
mount -t proc proc /proc
cd "$1"
mkdir lower upper work merged
ip link add pods type bridge
ip link add end0 type veth peer name end1
iptables -t nat -A POSTROUTING -m comment --comment trial -m mark --mark 0x4000 -j MASQUERADE
iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP
iptables -t nat -A OUTPUT -m statistic --mode random --probability 0.5 -j ACCEPT
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged`;
  try {
    const { status, stderr, error } = spawnSync(
      'unshare',
      ['--mount', '--net', '--pid', '--uts', '--ipc', '--fork', 'sh', '-c', script, 'sh', folder],
      { encoding: 'utf8' },
    );
    if (status === 0) return false;
    const why = error?.message ?? stderr.trim().split('\n').at(-1);
    return `the kernel does not let us start a node: ${why}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
