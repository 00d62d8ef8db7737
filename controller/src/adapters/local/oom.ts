import { readFileSync } from 'node:fs';

/**
 * How many processes the kernel has killed for want of memory: of our own cgroup if it counts them,
 * else of the machine. A trainer that dies by a SIGKILL we did not send is OOMKilled if this grew
 * since its start, otherwise a program error with code 137. The machine's count can blame a trainer
 * for a neighbour's end only if both die by SIGKILL.
 */
export function oomKills(): number {
  return cgroupOomKills() ?? countIn('/proc/vmstat', 'oom_kill') ?? 0;
}

function cgroupOomKills(): number | undefined {
  let own: string;
  try {
    own = readFileSync('/proc/self/cgroup', 'utf8');
  } catch {
    return undefined;
  }
  const unified = /^0::(\/.*)$/m.exec(own)?.[1];
  const memory = /^\d+:(?:[a-z_,]+,)?memory(?:,[a-z_,]+)?:(\/.*)$/m.exec(own)?.[1];
  return (
    (unified === undefined
      ? undefined
      : countIn(`/sys/fs/cgroup${unified}/memory.events`, 'oom_kill')) ??
    (memory === undefined
      ? undefined
      : countIn(`/sys/fs/cgroup/memory${memory}/memory.oom_control`, 'oom_kill'))
  );
}

/** The number after `name` in a file of `name number` lines. */
function countIn(path: string, name: string): number | undefined {
  try {
    const match = new RegExp(`^${name} (\\d+)$`, 'm').exec(readFileSync(path, 'latin1'));
    return match?.[1] === undefined ? undefined : Number(match[1]);
  } catch {
    return undefined;
  }
}
