import { type ExperimentSpec, LIMITS, type Trial, type TrialSpec } from '@espalier/api';
import {
  algorithmInfo,
  EMPTY_HISTORY,
  type History,
  type HistoryEntry,
  type Problem,
  type RunningEntry,
  suggest,
} from '@espalier/search';
import { formatBasis, parseBasis } from './basis.ts';
import { configurationOf } from './problem.ts';
import type { ExperimentProgress } from './progress.ts';
import { replicateTrial, suggestedTrial } from './suggestion.ts';
import { basisDifference, sourceFinding, specDifferences } from './verify-differences.ts';
import type { Finding } from './verify-result.ts';
import { splitWaiting, type Waiting, waitingEntry } from './waiting.ts';

/** Recomputes suggestions from the Trials as they are now, each from the results its basis names. */
export class SuggestionCheck {
  private readonly spec: ExperimentSpec;
  private readonly problem: Problem;
  private readonly progress: ExperimentProgress;
  private readonly oneController: boolean;
  /** By configuration number: its result, if it has one, and how it appeared while it ran. */
  private readonly results: (HistoryEntry | undefined)[] = [];
  private readonly running: (RunningEntry | undefined)[] = [];
  /** Configurations of which Trials were deleted by hand. */
  private readonly damaged: ReadonlySet<number>;
  private seenBefore: readonly number[] = [];

  constructor(
    spec: ExperimentSpec,
    problem: Problem,
    progress: ExperimentProgress,
    { oneController }: { readonly oneController: boolean },
  ) {
    this.spec = spec;
    this.problem = problem;
    this.progress = progress;
    this.oneController = oneController;
    for (const entry of progress.results) this.results[entry.index] = entry;
    const numbers = Array.from({ length: progress.created }, (_, number) => number);
    this.damaged = new Set(numbers.filter((number) => this.isDamaged(number)));
    for (const number of numbers) {
      const [first] = progress.trialsOf(number);
      const configuration = first && configurationOf(spec, first.spec);
      this.running[number] = configuration && { index: number, configuration };
    }
  }

  /** The first Trial of a configuration: its whole spec follows from the basis. */
  first({ spec }: Trial): Finding {
    const source = sourceFinding(this.problem, spec);
    if (source !== undefined) return source;
    const info = algorithmInfo(this.problem.algorithm);
    const seen: Finding | Seen =
      info?.usesHistory === true ? this.historyOf(spec) : { history: EMPTY_HISTORY };
    if ('differences' in seen) return seen;
    const { replicates } = this.progress;
    const suggestion = suggest(this.problem, seen.history, spec.configuration);
    if (suggestion.kind === 'exhausted') {
      const recorded = `a configuration, ${spec.configuration}`;
      return { differences: [{ what: 'search', recorded, recomputed: suggestion.reason }] };
    }
    const basis = info?.usesHistory === true ? spec.basis : undefined;
    const wanted = suggestedTrial(this.spec, spec.index, replicates, suggestion, basis);
    const differences = specDifferences(spec, wanted);
    const { lost } = seen;
    if (differences.length === 0 || lost === undefined) return { differences };
    const message = `Trials of configuration ${lost} were deleted by hand, which it may have seen`;
    return { differences: [], unknown: { reason: 'TrialsMissing', message } };
  }

  /** A further replicate: the first one's spec with a seed of its own. */
  replicate({ spec }: Trial, first: Trial): Finding {
    const wanted = replicateTrial(this.spec, spec.index, this.progress.replicates, first.spec);
    return { differences: specDifferences(spec, wanted) };
  }

  /** What the basis says that the suggestion saw. */
  private historyOf({ basis, configuration }: TrialSpec): Finding | Seen {
    const read = basis === undefined ? undefined : readBasis(basis);
    if (basis === undefined || read === undefined) {
      const wanted = `ascending ranges below ${configuration}, as 0-11,13`;
      return { differences: [basisDifference(basis, wanted)] };
    }
    const { numbers, waiting } = read;
    const problem =
      this.basisProblem(basis, numbers, configuration) ??
      this.waitingProblem(waiting, configuration);
    if (problem !== undefined) return { differences: [basisDifference(basis, problem)] };
    const entries: HistoryEntry[] = [];
    const running: RunningEntry[] = [];
    let at = 0;
    for (let number = 0; number < configuration; number++) {
      const isSeen = numbers[at] === number;
      if (isSeen) at += 1;
      // Of a configuration without all its Trials the result is lost.
      const waits = this.waitingEntry(number, waiting.get(number));
      const result = isSeen ? this.results[number] : waits;
      const other = isSeen ? undefined : this.running[number];
      if (result !== undefined) entries.push(result);
      else if (other !== undefined) running.push(other);
    }
    const lost = [...this.damaged].find((number) => number < configuration);
    const history = { entries, running };
    return lost === undefined ? { history } : { history, lost };
  }

  /** What no run could have left; undefined = nothing. */
  private basisProblem(
    basis: string,
    numbers: readonly number[],
    configuration: number,
  ): string | undefined {
    const last = numbers.at(-1) ?? -1;
    if (last >= configuration) return `only numbers below ${configuration}`;
    const { results, damaged, seenBefore } = this;
    const early = numbers.find((number) => results[number] === undefined && !damaged.has(number));
    if (early !== undefined) return `not with ${early}, which has no result`;
    if (!this.oneController) return undefined;
    this.seenBefore = numbers;
    const seen = new Set(numbers);
    const end = isFull(basis) ? last : configuration;
    const forgotten = seenBefore.find((number) => {
      return number < end && !seen.has(number) && !damaged.has(number);
    });
    return forgotten === undefined
      ? undefined
      : `with ${forgotten}, which an earlier suggestion saw`;
  }

  private waitingEntry(number: number, milestone: number | undefined): HistoryEntry | undefined {
    const [trial] = milestone === undefined ? [] : this.progress.trialsOf(number);
    return trial && waitingEntry(this.spec, trial, milestone ?? 0);
  }

  private waitingProblem(waiting: Waiting, configuration: number): string | undefined {
    for (const [number, milestone] of waiting) {
      if (number >= configuration) return `only numbers below ${configuration}`;
      const isKnown = this.waitingEntry(number, milestone) !== undefined;
      if (!isKnown && !this.damaged.has(number))
        return `not with ${number} waiting at ${milestone}`;
    }
    return undefined;
  }

  /** Whether Trials of it were deleted by hand; of one with a fault the last ones are not made. */
  private isDamaged(number: number): boolean {
    const trials = this.progress.trialsOf(number);
    if (trials.length === this.progress.replicates) return false;
    if (this.progress.stateOf(number)?.fault === undefined) return true;
    return trials.some(({ spec }, replicate) => spec.replicate !== replicate);
  }
}

interface Seen {
  readonly history: History;
  /** The lowest configuration that it may or may not have seen. */
  readonly lost?: number;
}

/** Whether a further range might have been left out. */
function isFull(basis: string): boolean {
  return basis.length + ',99999-99999'.length > LIMITS.basisBytes;
}

interface ReadBasis {
  readonly numbers: readonly number[];
  readonly waiting: Waiting;
}

/** What a basis says that our own code wrote; undefined for any other text. */
function readBasis(text: string): ReadBasis | undefined {
  try {
    const { results, waiting } = splitWaiting(text);
    const numbers = parseBasis(results);
    return formatBasis(numbers).text === results ? { numbers, waiting } : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
