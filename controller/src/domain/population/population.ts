import {
  type ExperimentSpec,
  isTerminalTrial,
  type Population,
  populationSchema,
  type Trial,
  type TrialSpec,
} from '@espalier/api';
import { rungMilestones } from '@espalier/search';
import type { ExperimentProgress } from '../experiment/progress.ts';

/** The population of an Experiment that is searched by `pbt`; undefined for any other. */
export function populationOf({ search }: ExperimentSpec): Population | undefined {
  return search.algorithm === 'pbt' ? (search.population ?? DEFAULTS) : undefined;
}

const DEFAULTS = populationSchema.parse({});

/** Where a member is judged: ascending, behind the checkpoint that it starts from, at most 64. */
export function memberMilestones(
  { interval, max, resource }: Population,
  { parent }: Pick<TrialSpec, 'parent'>,
): readonly number[] {
  const rule = { kind: 'median', min: interval, interval } as const;
  const all = rungMilestones(max === undefined ? rule : { ...rule, max });
  const start = (resource === 'epoch' ? parent?.epoch : parent?.step) ?? 0;
  return all.filter((milestone) => milestone > start);
}

/** How many members are missing: neither at work nor trained to the end. */
export function vacancies({ size }: Population, progress: Readonly<ExperimentProgress>): number {
  return Math.max(0, size - progress.active.size - progress.phaseCount('Succeeded'));
}

/** How many members were told to give up their places and have not ended: each will be replaced. */
export function leaving({ active }: Pick<ExperimentProgress, 'active'>): number {
  let count = 0;
  for (const { status } of active.values()) {
    if (status?.rungs.some(({ verdict }) => verdict === 'stop') === true) count += 1;
  }
  return count;
}

/** Whether others may take the weights of a Trial: not of one that failed, diverged or was stopped. */
export function mayDonate({ status }: Trial): boolean {
  return !isTerminalTrial(status?.phase) || status?.phase === 'Succeeded';
}

/** The steps of the checkpoints of a Trial from which others start that have not ended. */
export function stepsOfChildren(trials: Iterable<Trial>, parentUid: string): ReadonlySet<number> {
  const steps = new Set<number>();
  for (const { spec, status } of trials) {
    if (spec.parent?.uid !== parentUid || isTerminalTrial(status?.phase)) continue;
    steps.add(spec.parent.step);
  }
  return steps;
}
