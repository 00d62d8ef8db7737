import { type ExperimentSpec, LIMITS, mainObjective, type Trial } from '@espalier/api';
import { algorithmInfo, EMPTY_HISTORY, type Problem, suggest } from '@espalier/search';
import { configurationOf } from './problem.ts';
import type { ExperimentProgress } from './progress.ts';
import { type Begun, begin, type Race, type RaceTurn, raceTurn } from './race.ts';
import { parseRaceBasis, type RaceKnown } from './race-basis.ts';
import { furtherTrial, raceHistory, racerTrial } from './race-input.ts';
import { basisDifference, sourceFinding, specDifferences } from './verify-differences.ts';
import type { Finding } from './verify-result.ts';

/** Recomputes the Trials of a race, in the order in which they were created. */
export class RaceCheck {
  private readonly spec: ExperimentSpec;
  private readonly problem: Problem;
  private readonly progress: ExperimentProgress;
  private readonly race: Race;
  private readonly oneController: boolean;
  /** What the Trials of lower index have begun, and whether one of them is missing. */
  private readonly begun: (Begun | undefined)[] = [];
  private next = 0;
  private isLost = false;
  private seenBefore: RaceKnown | undefined;

  constructor(
    spec: ExperimentSpec,
    problem: Problem,
    progress: ExperimentProgress,
    { race, oneController }: { readonly race: Race; readonly oneController: boolean },
  ) {
    this.spec = spec;
    this.problem = problem;
    this.progress = progress;
    this.race = race;
    this.oneController = oneController;
  }

  /** @param trial One of higher index than any before. */
  check(trial: Trial): Finding {
    const { index, configuration, replicate } = trial.spec;
    if (index !== this.next) this.isLost = true;
    this.next = index + 1;
    const finding = this.recompute(trial);
    this.begun[configuration] = begin(this.begun[configuration], this.race, replicate);
    if (!this.isLost || finding.differences.length === 0) return finding;
    const message = 'a Trial of lower index was deleted by hand, which it may have seen';
    return { differences: [], unknown: { reason: 'TrialsMissing', message } };
  }

  private recompute({ spec }: Trial): Finding {
    const source = sourceFinding(this.problem, spec);
    if (source !== undefined) return source;
    const known = this.knownFrom(spec.basis);
    if ('differences' in known) return known;
    const basis = spec.basis ?? '';
    const wanted = this.turnAfter(known, spec);
    const turnText = (turn: RaceTurn) => `${turn.configuration}, ${turn.replicate}`;
    if (wanted === undefined || turnText(wanted) !== turnText(spec)) {
      const recomputed = wanted === undefined ? 'nobody' : turnText(wanted);
      const what = 'configuration and replicate';
      return { differences: [{ what, recorded: turnText(spec), recomputed }] };
    }
    const move = { turn: wanted, basis };
    const [sibling] = this.progress.trialsOf(spec.configuration);
    if (sibling !== undefined && sibling.spec.index < spec.index) {
      const further = furtherTrial(this.spec, spec.index, move, sibling.spec);
      return { differences: specDifferences(spec, further) };
    }
    const suggestion = suggest(
      this.problem,
      this.historyOf(known, spec.configuration),
      spec.configuration,
    );
    if (suggestion.kind === 'exhausted') {
      const recorded = `a configuration, ${spec.configuration}`;
      return { differences: [{ what: 'search', recorded, recomputed: suggestion.reason }] };
    }
    const first = racerTrial(this.spec, spec.index, move, suggestion);
    return { differences: specDifferences(spec, first) };
  }

  /** Whether a new configuration could be begun is not recorded, but follows from what was begun. */
  private turnAfter(known: RaceKnown, { replicate }: RaceTurn): RaceTurn | undefined {
    const { goal } = mainObjective(this.spec);
    const valuesOf = (number: number) => this.progress.stateOf(number)?.raceValues ?? [];
    const field = { begun: [...this.begun], known, valuesOf };
    const turn = raceTurn(this.race, goal, { ...field, canBegin: true });
    if (turn?.replicate !== 0 || replicate === 0) return turn;
    return raceTurn(this.race, goal, { ...field, canBegin: false });
  }

  private historyOf(known: RaceKnown, configuration: number) {
    if (algorithmInfo(this.problem.algorithm)?.usesHistory !== true) return EMPTY_HISTORY;
    return raceHistory(this.race, known, configuration, (number) => {
      const [first] = this.progress.trialsOf(number);
      if (first === undefined) return undefined;
      const values = configurationOf(this.spec, first.spec);
      return { state: this.progress.stateOf(number), configuration: values };
    });
  }

  private knownFrom(basis: string | undefined): RaceKnown | Finding {
    const known = basis === undefined ? undefined : read(basis, this.race.sizes.length);
    if (basis === undefined || known === undefined) {
      const wanted = 'faults, then ranges for each rung, as 5!0-11,13/0,3';
      return { differences: [basisDifference(basis, wanted)] };
    }
    const problem = this.basisProblem(basis, known);
    return problem === undefined ? known : { differences: [basisDifference(basis, problem)] };
  }

  /** What no run could have left; undefined = nothing. */
  private basisProblem(basis: string, known: RaceKnown): string | undefined {
    const { begun, progress, race, seenBefore } = this;
    for (const [rung, numbers] of known.rungs.entries()) {
      const size = race.sizes[rung] as number;
      const early = numbers.find((number) => {
        const results = progress.stateOf(number)?.raceValues.length ?? 0;
        return (begun[number]?.race ?? 0) < size || results < size;
      });
      if (early !== undefined && !this.isLost) return `not with ${early} at ${size} replicates`;
    }
    const sound = known.faults.find((number) => progress.stateOf(number)?.fault === undefined);
    if (sound !== undefined && !this.isLost) return `not with a fault of ${sound}`;
    this.seenBefore = known;
    const isFull = basis.length + 64 > LIMITS.basisBytes;
    if (!this.oneController || seenBefore === undefined || isFull) return undefined;
    const lists = [...known.rungs, known.faults].map((numbers) => new Set(numbers));
    for (const [i, numbers] of [...seenBefore.rungs, seenBefore.faults].entries()) {
      const forgotten = numbers.find((number) => !lists[i]?.has(number));
      if (forgotten !== undefined) return `with ${forgotten}, which an earlier one saw`;
    }
    return undefined;
  }
}

function read(basis: string, rungs: number): RaceKnown | undefined {
  try {
    return parseRaceBasis(basis, rungs);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
