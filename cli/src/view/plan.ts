import type { Experiment, ExperimentSpec } from '@espalier/api';
import {
  cardinality,
  describeSpace,
  rungMilestones,
  type Space,
  type StopRule,
} from '@espalier/search';
import { count } from '../render/number.ts';

/** What a run would do, before it does it. */
export interface Plan {
  readonly experiment: string;
  /** Configurations that will be tried: `trials.max`, or the whole grid if that is smaller. */
  readonly configurations: number;
  readonly replicates: number;
  readonly trials: number;
  readonly parallel: number;
  readonly algorithm: string;
  /** Distinct configurations; absent if there are infinitely many. */
  readonly cells?: number;
  readonly parameters: readonly PlannedParameter[];
  /** Where the early-stopping rule judges, in epochs or steps; empty without one. */
  readonly rungs: readonly number[];
  readonly epochs?: number;
  readonly estimate?: Estimate;
  readonly warnings: readonly string[];
}

export interface PlannedParameter {
  readonly name: string;
  readonly domain: string;
  /** Distinct values; absent if continuous. */
  readonly count?: number;
  readonly when?: string;
}

export interface Estimate {
  /** With no trial stopped early. */
  readonly atMostSeconds: number;
  /** With as many stopped as the rule wants to. */
  readonly likelySeconds: number;
  /** The same of all GPUs together, in hours; absent of trials that ask for none. */
  readonly gpuHours?: { readonly likely: number; readonly atMost: number };
  readonly basis: string;
}

/** What a unit of work takes, and how that is known. */
export type Speed =
  | { readonly kind: 'epoch'; readonly seconds: number; readonly basis: string }
  | { readonly kind: 'trial'; readonly seconds: number; readonly basis: string };

/** @param allowed So many trials may run at once where a quota says less than the Experiment does. */
export function buildPlan(
  experiment: Experiment,
  space: Space,
  rule: StopRule,
  speed: Speed | undefined,
  allowed = Number.POSITIVE_INFINITY,
): Plan {
  const { spec } = experiment;
  const cells = cardinality(space);
  const isGrid = spec.search.algorithm === 'grid';
  const configurations = isGrid ? Math.min(spec.trials.max, cells) : spec.trials.max;
  const replicates = spec.replicates?.values.length ?? 1;
  const trials = configurations * replicates;
  const epochs = epochsOf(spec);
  const rungs = rule.kind === 'none' ? [] : rungMilestones(rule);
  const slots = Math.min(spec.trials.parallel, trials, allowed);
  const work = { trials, slots, epochs, rungs };
  const estimate = speed && slots > 0 ? estimateTime(spec, work, rule, speed) : undefined;
  return {
    experiment: experiment.metadata.name,
    configurations,
    replicates,
    trials,
    parallel: spec.trials.parallel,
    algorithm: spec.search.algorithm,
    ...(Number.isFinite(cells) ? { cells } : {}),
    parameters: describeSpace(space).map(({ name, text, count: values, when }) => ({
      name,
      domain: text,
      ...(Number.isFinite(values) ? { count: values } : {}),
      ...(when === undefined ? {} : { when }),
    })),
    rungs,
    ...(epochs === undefined ? {} : { epochs }),
    ...(estimate === undefined ? {} : { estimate }),
    warnings: warningsOf(spec, cells, trials, rule, rungs),
  };
}

/** Epochs of a complete trial: the largest that the parameters allow, or what the rule calls complete. */
function epochsOf(spec: ExperimentSpec): number | undefined {
  const domain = spec.parameters.find(({ name }) => name === 'epochs')?.int;
  const { earlyStopping: rule } = spec;
  const complete = rule?.resource === 'epoch' ? rule.max : undefined;
  const listed = domain?.values === undefined ? undefined : Math.max(...domain.values);
  return domain?.value ?? listed ?? domain?.max ?? complete;
}

function estimateTime(
  spec: ExperimentSpec,
  work: {
    readonly trials: number;
    /** So many of them at once. */
    readonly slots: number;
    readonly epochs: number | undefined;
    readonly rungs: readonly number[];
  },
  rule: StopRule,
  speed: Speed,
): Estimate | undefined {
  const { trials, slots, epochs, rungs } = work;
  const estimate = (trialSeconds: number, share: number): Estimate => {
    const atMostSeconds = (trials / slots) * trialSeconds;
    const { gpu } = spec.trainer.resources;
    const hours = (gpu * trials * trialSeconds) / 3600;
    return {
      ...{ atMostSeconds, likelySeconds: atMostSeconds * share, basis: speed.basis },
      ...(gpu === 0 ? {} : { gpuHours: { likely: hours * share, atMost: hours } }),
    };
  };
  // What whole trials took has early stopping in it.
  if (speed.kind === 'trial') return estimate(speed.seconds, 1);
  if (epochs === undefined) return undefined;
  const isAsha = rule.kind === 'asha' && spec.earlyStopping?.resource === 'epoch';
  const share = isAsha ? ashaEpochs(rungs, epochs, rule.eta) / epochs : 1;
  return estimate(epochs * speed.seconds, share);
}

/** Mean epochs of a trial if each rung lets the best 1/eta pass. */
function ashaEpochs(rungs: readonly number[], epochs: number, eta: number): number {
  let passing = 1;
  let done = 0;
  let mean = 0;
  for (const rung of [...rungs.filter((milestone) => milestone < epochs), epochs]) {
    mean += passing * (rung - done);
    passing /= eta;
    done = rung;
  }
  return mean;
}

function warningsOf(
  spec: ExperimentSpec,
  cells: number,
  trials: number,
  rule: StopRule,
  rungs: readonly number[],
): readonly string[] {
  const { max, parallel } = spec.trials;
  const { algorithm, population } = spec.search;
  const isGrid = algorithm === 'grid';
  const epochs = epochsOf(spec);
  const found: (string | false)[] = [
    isGrid && cells > max && `the grid has ${count(cells, 'cell')} but trials.max is ${max}`,
    isGrid &&
      cells < max &&
      `the grid has only ${count(cells, 'cell')}: it ends before trials.max (${max})`,
    !isGrid && cells === 1 && max > 1 && `nothing is searched: all ${max} trials would be alike`,
    !isGrid &&
      cells > 1 &&
      cells < max &&
      `the space has only ${count(cells, 'configuration')}: some of the ${max} trials repeat others`,
    !isGrid &&
      cells > 1 &&
      max === 1 &&
      'trials.max is 1: one configuration is tried, none is compared',
    parallel > trials &&
      `trials.parallel is ${parallel} but there ${trials === 1 ? 'is' : 'are'} ${count(trials, 'trial')}`,
    rule.kind === 'asha' &&
      rule.minRungSize > trials &&
      `early stopping never acts: minRungSize is ${rule.minRungSize}, with ${count(trials, 'trial')}`,
    rule.kind !== 'none' &&
      rungs.length === 0 &&
      'early stopping never acts: it has no rung before max',
    spec.earlyStopping?.resource === 'epoch' &&
      epochs !== undefined &&
      rungs.length > 0 &&
      (rungs[0] ?? 0) >= epochs &&
      `early stopping never acts: its first rung is epoch ${rungs[0]} of ${epochs}`,
    population !== undefined &&
      parallel < population.size &&
      `only ${parallel} of the population's ${population.size} members train at once: those that come later do not learn from those that have ended`,
  ];
  return found.filter((warning) => warning !== false);
}
