import { readFileSync } from 'node:fs';
import type { Clock } from '../../ports/telemetry.ts';
import { processesOfRun, signalGroup } from './processes.ts';

/**
 * Ends every process that an earlier runner of this folder left: SIGTERM, so that trainers save,
 * then SIGKILL after `graceMs`. When it returns none runs, whatever groups or sessions they made;
 * only a process that cleared its environment is not known to us.
 *
 * @returns how many there were.
 */
export async function endOrphans(
  runId: string,
  options: { readonly graceMs: number; readonly clock: Clock },
): Promise<number> {
  const { clock, graceMs } = options;
  const seen = new Set<number>();
  const deadline = clock.monotonic() + graceMs;
  const asked = new Set<number>();
  for (;;) {
    const running = processesOfRun(runId);
    if (running.length === 0) return seen.size;
    const isLate = clock.monotonic() >= deadline;
    for (const pid of running) {
      seen.add(pid);
      if (isLate) endProcess(pid, 'SIGKILL');
      else if (!asked.has(pid)) endProcess(pid, 'SIGTERM');
      asked.add(pid);
    }
    await clock.sleep(20, {});
  }
}

function endProcess(pid: number, signal: NodeJS.Signals): void {
  // A launcher leads its group; others in the group may have lost the mark.
  if (isGroupLeader(pid)) signalGroup(pid, signal);
  try {
    process.kill(pid, signal);
    if (signal === 'SIGTERM') process.kill(pid, 'SIGCONT');
  } catch {
    // Ended meanwhile.
  }
}

function isGroupLeader(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[2]) === pid;
  } catch {
    return false;
  }
}
