import type { Experiment, ExperimentSpec, Trial } from '@espalier/api';
import { checkJudgements } from '../population/verify-judgements.ts';
import {
  memberFinding,
  type PopulationRecord,
  populationRecord,
} from '../population/verify-members.ts';
import { checkExperiment, problemOf, problemText } from './check.ts';
import { type ExperimentProgress, progressOf } from './progress.ts';
import { raceOf } from './race.ts';
import { identityProblem, missingIndices } from './verify-identity.ts';
import { RaceCheck } from './verify-race.ts';
import { type Finding, Tally, type Verification, type VerifyProgress } from './verify-result.ts';
import { SuggestionCheck } from './verify-suggestions.ts';
import { checkVerdicts, type VerdictCheckOptions, type VerdictFinding } from './verify-verdicts.ts';

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
  experiment: Experiment,
  trials: readonly Trial[],
  options: VerifyOptions,
): Generator<VerifyProgress, Verification> {
  const { metadata, spec } = experiment;
  const suggestions = new Tally();
  const verdicts = new Tally();
  const race = raceOf(spec);
  const replicates = race === undefined ? (spec.replicates?.values.length ?? 1) : undefined;
  const sound: Trial[] = [];
  for (const trial of trials) {
    const problem = identityProblem(metadata.name, trial, replicates);
    if (problem === undefined) sound.push(trial);
    else tell(suggestions, { trial, what: 'suggestion', finding: { differences: [problem] } });
  }
  const progress = progressOf(spec, sound);
  const all = progress.all();
  // In a race nothing is left out: the index is the number in the order of creation.
  const missing = missingIndices(all, replicates ?? 1, (number) => {
    return race === undefined && progress.stateOf(number)?.fault !== undefined;
  });

  const checks = checksOf(experiment, progress, options);
  const total = race === undefined ? progress.created : all.length;
  let done = 0;
  for (const findings of race === undefined
    ? findingsByConfiguration(progress, checks)
    : findingsInRace(all, checks)) {
    for (const { trial, finding } of findings) {
      tell(suggestions, { trial, what: 'suggestion', finding });
    }
    done += 1;
    yield { done, total };
  }
  const judged = judgements(spec, all, checks, { ...options, hasMissing: missing.length > 0 });
  for (const finding of judged.findings) tell(verdicts, finding);
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

/** What recomputes a record, or why nothing of it can be. */
type Checks =
  | { readonly invalid: Finding }
  | {
      readonly invalid: undefined;
      readonly suggestions: SuggestionCheck;
      readonly race: RaceCheck | undefined;
      readonly population: PopulationRecord | undefined;
    };

function checksOf(
  { spec, status }: Experiment,
  progress: ExperimentProgress,
  options: VerifyOptions,
): Checks {
  const problems = checkExperiment(spec);
  if (problems.length > 0) {
    const unknown = { reason: 'InvalidSpec', message: problemText(problems) } as const;
    return { invalid: { differences: [], unknown } };
  }
  const problem = problemOf(spec, status?.warmStart);
  const race = raceOf(spec);
  return {
    invalid: undefined,
    suggestions: new SuggestionCheck(spec, problem, progress, options),
    race: race && new RaceCheck(spec, problem, progress, { ...options, race }),
    population: populationRecord(spec, problem, progress),
  };
}

type Found = Pick<VerdictFinding, 'trial' | 'finding'>;

/** In a race each Trial is a decision of its own. */
function* findingsInRace(trials: readonly Trial[], checks: Checks): Generator<readonly Found[]> {
  for (const trial of trials) {
    const finding = checks.invalid ?? checks.race?.check(trial);
    yield finding === undefined ? [] : [{ trial, finding }];
  }
}

/** One configuration after the other, each with its replicates. */
function* findingsByConfiguration(
  progress: ExperimentProgress,
  checks: Checks,
): Generator<readonly Found[]> {
  for (let number = 0; number < progress.created; number++) {
    const [first, ...rest] = progress.trialsOf(number);
    if (first === undefined) {
      yield [];
    } else if (checks.invalid !== undefined) {
      yield [first, ...rest].map((trial) => ({ trial, finding: checks.invalid }));
    } else {
      const { suggestions, population } = checks;
      const isMember = population !== undefined && number >= population.population.size;
      const finding = isMember ? memberFinding(population, first) : suggestions.first(first);
      yield [
        { trial: first, finding },
        ...rest.map((trial) => {
          const own = suggestions.replicate(trial, first);
          // It can be no better known than the one that it repeats.
          const unknown = finding.unknown ?? own.unknown;
          return { trial, finding: unknown === undefined ? own : { ...own, unknown } };
        }),
      ];
    }
  }
}

function judgements(
  spec: ExperimentSpec,
  trials: readonly Trial[],
  checks: Checks,
  options: VerdictCheckOptions,
) {
  const { invalid } = checks;
  if (invalid !== undefined) return { findings: allUnknown(trials, invalid), sharedOrders: 0 };
  const { population } = checks;
  return population === undefined
    ? checkVerdicts(spec, trials, options)
    : checkJudgements(population, options);
}

function tell(tally: Tally, { trial, what, finding }: VerdictFinding): void {
  tally.add(trial.metadata.name, trial.spec.index, what, finding);
}

function allUnknown(trials: readonly Trial[], finding: Finding): readonly VerdictFinding[] {
  return trials.flatMap((trial) =>
    (trial.status?.rungs ?? []).map(({ step }) => ({ trial, what: `verdict at ${step}`, finding })),
  );
}

function byIndex(a: { readonly index: number }, b: { readonly index: number }): number {
  return a.index - b.index;
}
