import { existsSync } from 'node:fs';
import { waitFor } from '../wait.ts';
import { cgroupsLike, removeCgroup } from './cgroups.ts';

/** Removes the cgroups of a node whose box has ended, once the kernel has ended all that was in them. */
export async function removeNodeCgroups(name: string): Promise<void> {
  await waitFor(() => removeCgroup(name), { what: `the cgroups of ${name} are empty` });
}

/** Removes the cgroups of killed clusters. A node that runs has an interface of the same name. */
export function removeLeftBehind(): void {
  for (const name of cgroupsLike(/^espalier\d+$/)) {
    if (!existsSync(`/sys/class/net/${name}`)) removeCgroup(name);
  }
}
