import { readFileSync } from 'node:fs';
import type { ControlPlane } from '../kit/control-plane.ts';

const TICKS_PER_SECOND = 100;
const COMPONENTS = ['apiserver', 'etcd', 'controller-manager', 'scheduler'] as const;

/** CPU seconds that a process has used so far. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Who uses the machine: CPU seconds so far by name; `machine` is everything that is not idle. */
export type Load = Readonly<Record<string, number>>;

export function loadNow(plane: ControlPlane, others: Readonly<Record<string, number>>): Load {
  const [, ...ticks] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/\s+/);
  const [user = 0, nice = 0, system = 0] = ticks.map(Number);
  const pids = [
    ...COMPONENTS.map((name) => [name, plane.process(name).pid] as const),
    ...Object.entries(others),
  ];
  return {
    machine: (user + nice + system) / TICKS_PER_SECOND,
    ...Object.fromEntries(pids.map(([name, pid]) => [name, cpuSecondsOf(pid)])),
  };
}

/** CPU seconds between two looks, in words. */
export function loadText(before: Load, after: Load): string {
  return Object.entries(after)
    .map(([name, seconds]) => `${name} ${(seconds - (before[name] ?? 0)).toFixed(1)}`)
    .join(', ');
}
