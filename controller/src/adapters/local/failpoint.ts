/**
 * Places at which a test may kill the process, to prove that nothing depends on living past them.
 * `ESPALIER_FAILPOINT=<name>:<n>` kills at the n-th pass (from 1) of that place; `any:<n>` counts
 * the passes of all places together. Without the variable a place costs one comparison.
 */
export type Failpoint =
  | 'write-begin'
  | 'write-renamed'
  | 'run-folder-made'
  | 'spawned'
  | 'exit-seen'
  | 'deleting'
  | 'released';

interface Plan {
  readonly name: string;
  readonly at: number;
  passes: number;
}

let plan: Plan | undefined | null = null;

export function failpoint(name: Failpoint): void {
  if (plan === null) plan = readPlan();
  if (plan === undefined || (plan.name !== 'any' && plan.name !== name)) return;
  plan.passes++;
  if (plan.passes === plan.at) process.kill(process.pid, 'SIGKILL');
}

function readPlan(): Plan | undefined {
  const { ESPALIER_FAILPOINT = '' } = process.env;
  const [name, at] = ESPALIER_FAILPOINT.split(':');
  if (name === undefined || name === '' || at === undefined) return undefined;
  return { name, at: Number(at), passes: 0 };
}
