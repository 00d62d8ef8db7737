import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { startTimeOf } from './own-process.ts';
import { isAbandoned, PREFIX } from './state-folder.ts';
import { waitFor } from './wait.ts';

/** What `cluster-up` starts to go on without it; the rest of a node ends with its `unshare`. */
const PROGRAMS: ReadonlySet<string> = new Set([
  ...['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok', 'node'],
  'unshare',
]);

/**
 * Ends what a `cluster-up` left that was killed before it could record what it had started: processes of the
 * kit that work in a state folder whose owner has ended.
 */
export async function endOrphans(): Promise<void> {
  const folder = join(tmpdir(), PREFIX);
  const killed: number[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const at = words.indexOf(folder);
      if (at === -1 || !PROGRAMS.has(basename(readlinkSync(`/proc/${pid}/exe`)))) continue;
      const [name = ''] = /^[^/\0]*/.exec(words.slice(at + tmpdir().length + 1)) ?? [];
      const path = join(tmpdir(), name);
      if (existsSync(path) && !isAbandoned(path)) continue;
      process.kill(Number(pid), 'SIGKILL');
      killed.push(Number(pid));
    } catch {
      // it has just ended, or belongs to another user
    }
  }
  await waitFor(() => killed.every((pid) => startTimeOf(pid) === undefined), {
    what: 'the processes of a killed cluster have ended',
  });
}
