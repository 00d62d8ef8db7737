import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { waitFor } from '../wait.ts';
import { cgroupsLike, removeCgroup } from './cgroups.ts';
import { boxTitle } from './node-box.ts';

/**
 * Removes what the kernel does not remove with a box that has ended. It first waits until the interface is gone,
 * which is when the last process of the box is: a kubelet that is just dying makes cgroups again.
 */
export async function removeRestOfNode(name: string, timeoutMs = 120_000): Promise<void> {
  await waitFor(() => !existsSync(`/sys/class/net/${name}`) && removeCgroup(name), {
    what: `interface and cgroups of ${name} are gone`,
    timeoutMs,
  });
}

/** Removes what killed clusters left. What cannot be removed yet only keeps its network from being used. */
export async function removeLeftBehind(): Promise<void> {
  for (const name of cgroupsLike(/^espalier\d+$/)) {
    if (!isRunning(name)) await removeRestOfNode(name, 10_000).catch(() => undefined);
  }
}

function isRunning(name: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return (
        /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(boxTitle(name))
      );
    } catch {
      return false; // it has just ended
    }
  });
}
