import { type Experiment, type Trial, trialName } from '@espalier/api';
import { checkJudgements } from '../population/verify-judgements.ts';
import { memberFinding, populationRecord } from '../population/verify-members.ts';
import { checkExperiment, problemOf, problemText } from './check.ts';
import { progressOf } from './progress.ts';
import { raceOf } from './race.ts';
import { RaceCheck } from './verify-race.ts';
import {
  type Difference,
  type Finding,
  Tally,
  type Verification,
  type VerifyProgress,
} from './verify-result.ts';
import { SuggestionCheck } from './verify-suggestions.ts';
import { checkVerdicts, type VerdictFinding } from './verify-verdicts.ts';

export interface VerifyOptions {
  /**
   * Whether it is certain that only one controller at a time wrote the record, as in a folder: then
   * no two entries of a rung have the same order, and whatever one suggestion saw the next saw too.
   * Where one controller takes over from another both may fail to hold, and neither is a fault.
   */
  readonly oneController: boolean;
}

/**
 * Recomputes every suggestion and every verdict of an Experiment from its Trials alone and compares
 * them with the record, bit for bit; with the functions that made them.
 *
 * The results themselves (objectives, values at rungs, ends) are taken as recorded. A generator, so
 * that the caller can show progress: it yields after every configuration and returns the result.
 *
 * @param trials Those that there are now, in any order; the Experiment need not have ended.
 */
export function* verifying(
  { metadata, spec, status }: Experiment,
  trials: readonly Trial[],
  options: VerifyOptions,
): Generator<VerifyProgress, Verification> {
  const suggestions = new Tally();
  const verdicts = new Tally();
  const replicates = spec.replicates?.values.length ?? 1;
  const sound: Trial[] = [];
  const race = raceOf(spec);
  for (const trial of trials) {
    const problem = identityProblem(
      metadata.name,
      trial,
      race === undefined ? replicates : undefined,
    );
    if (problem === undefined) sound.push(trial);
    else tell(suggestions, trial, 'suggestion', { differences: [problem] });
  }
  const progress = progressOf(spec, sound);
  const all = progress.all();
  // In a race nothing is left out: the index is the number in the order of creation.
  const missing = missingIndices(all, race === undefined ? replicates : 1, (number) => {
    return race === undefined && progress.stateOf(number)?.fault !== undefined;
  });

  const problems = checkExperiment(spec);
  const check =
    problems.length > 0
      ? undefined
      : new SuggestionCheck(spec, problemOf(spec, status?.warmStart), progress, options);
  const invalid: Finding = {
    differences: [],
    unknown: { reason: 'InvalidSpec', message: problemText(problems) },
  };
  const racing =
    race !== undefined && problems.length === 0
      ? new RaceCheck(spec, problemOf(spec, status?.warmStart), progress, { ...options, race })
      : undefined;
  for (const [at, trial] of (race === undefined ? [] : all).entries()) {
    tell(suggestions, trial, 'suggestion', racing?.check(trial) ?? invalid);
    yield { done: at + 1, total: all.length };
  }
  const population =
    problems.length === 0 ? populationRecord(spec, problemOf(spec), progress) : undefined;
  const total = race === undefined ? progress.created : 0;
  for (let number = 0; number < total; number++) {
    const [first, ...rest] = progress.trialsOf(number);
    if (first !== undefined) {
      const isMember = population !== undefined && number >= population.population.size;
      const finding = isMember
        ? memberFinding(population, first)
        : (check?.first(first) ?? invalid);
      tell(suggestions, first, 'suggestion', finding);
      for (const trial of rest) {
        const own = check?.replicate(trial, first) ?? invalid;
        // It can be no better known than the one that it repeats.
        const unknown = finding.unknown ?? own.unknown;
        const told = unknown === undefined ? own : { ...own, unknown };
        tell(suggestions, trial, 'suggestion', told);
      }
    }
    yield { done: number + 1, total };
  }

  const judging = { ...options, hasMissing: missing.length > 0 };
  const judged =
    check === undefined
      ? { findings: allUnknown(all, invalid), sharedOrders: 0 }
      : population === undefined
        ? checkVerdicts(spec, all, judging)
        : checkJudgements(population, judging);
  for (const { trial, what, finding } of judged.findings) tell(verdicts, trial, what, finding);
  return {
    trials: trials.length,
    suggestions: suggestions.count,
    verdicts: verdicts.count,
    differences: [...suggestions.differences, ...verdicts.differences].sort(byIndex),
    unknowns: [...suggestions.unknowns, ...verdicts.unknowns].sort(byIndex),
    missing,
    sharedOrders: judged.sharedOrders,
  };
}

function tell(tally: Tally, { metadata, spec }: Trial, what: string, finding: Finding): void {
  tally.add(metadata.name, spec.index, what, finding);
}

/** The index stands in the name, and the rest follows from it. */
function identityProblem(
  experiment: string,
  { metadata, spec }: Trial,
  replicates: number | undefined,
): Omit<Difference, 'trial' | 'index'> | undefined {
  const { index, configuration, replicate } = spec;
  const name = trialName(experiment, index);
  if (metadata.name !== name) {
    return { what: 'index', recorded: String(index), recomputed: `that of ${name}` };
  }
  // What a race gives an index to is checked with its decisions.
  if (replicates === undefined) return undefined;
  const wanted = `${Math.floor(index / replicates)}, ${index % replicates}`;
  const recorded = `${configuration}, ${replicate}`;
  if (recorded === wanted) return undefined;
  return { what: 'configuration and replicate', recorded, recomputed: wanted };
}

/** Indices below the highest without a Trial; the rest of a configuration with a fault was not made. */
function missingIndices(
  trials: readonly Trial[],
  replicates: number,
  hasFault: (configuration: number) => boolean,
): readonly number[] {
  const missing: number[] = [];
  let next = 0;
  for (const { spec } of trials) {
    for (; next < spec.index; next++) {
      const configuration = Math.floor(next / replicates);
      const isRest = configuration < spec.configuration && hasFault(configuration);
      if (!isRest || next % replicates === 0) missing.push(next);
    }
    next = spec.index + 1;
  }
  return missing;
}

function allUnknown(trials: readonly Trial[], finding: Finding): readonly VerdictFinding[] {
  return trials.flatMap((trial) =>
    (trial.status?.rungs ?? []).map(({ step }) => ({ trial, what: `verdict at ${step}`, finding })),
  );
}

function byIndex(a: { readonly index: number }, b: { readonly index: number }): number {
  return a.index - b.index;
}
