import { readdirSync, readFileSync } from 'node:fs';

/** Name of the variable that marks the processes of one folder; see `runId` in layout.ts. */
export const RUN_ID_ENV = 'ESPALIER_RUN_ID';

/** What /proc tells of a process. */
interface ProcStat {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
}

/** Whether a process with that number runs (a zombie does not). */
export function isProcessAlive(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== undefined && !isDead(stat);
}

/** Whether any process of the group still runs. Zombies, which nobody may reap, do not count. */
export function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return processIds().some((pid) => {
    const stat = readStat(pid);
    return stat !== undefined && stat.group === group && !isDead(stat);
  });
}

/** Sends a signal to every process of the group; a group that is gone is done. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // ESRCH: gone. EPERM: a member changed its user; the others were signalled.
  }
}

/** Processes that carry the run id in their environment, without us and our ancestors. */
export function processesOfRun(runId: string): number[] {
  const ours = ancestors();
  const mark = Buffer.from(`${RUN_ID_ENV}=${runId}\0`);
  return processIds().filter((pid) => {
    if (ours.has(pid)) return false;
    try {
      if (!readFileSync(`/proc/${pid}/environ`).includes(mark)) return false;
    } catch {
      // Gone meanwhile, or another user's, so none of ours.
      return false;
    }
    return isProcessAlive(pid);
  });
}

function ancestors(): Set<number> {
  const seen = new Set<number>();
  for (let pid = process.pid; pid > 0 && !seen.has(pid); pid = readStat(pid)?.parent ?? 0) {
    seen.add(pid);
  }
  return seen;
}

function processIds(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function readStat(pid: number): ProcStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may itself hold spaces and parentheses.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? 'X', parent: Number(fields[1]), group: Number(fields[2]) };
  } catch {
    return undefined;
  }
}

function isDead(stat: ProcStat): boolean {
  return stat.state === 'Z' || stat.state === 'X';
}
