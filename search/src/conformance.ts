import { assertInDeclared, givenValue, isDeclaredActive } from './declared-space.ts';
import { compileSpace } from './space/compile.ts';
import type { Configuration, Dimension } from './space/dimension.ts';
import type { AlgorithmInfo } from './suggest/algorithm.ts';
import {
  EMPTY_HISTORY,
  type Goal,
  type History,
  type HistoryEntry,
  type Outcome,
  type Problem,
  type RunningEntry,
  type Suggestion,
} from './suggest/problem.ts';
import { suggest } from './suggest/suggest.ts';

/** An algorithm under test: what it says of itself, and how to ask it. */
export interface Subject extends AlgorithmInfo {
  readonly suggest: (problem: Problem, history: History, index: number) => Suggestion;
}

/** What became of the configurations 0, 1, ...; the suite asks the algorithm for them itself. */
export interface PastResult {
  readonly outcome: Outcome | 'running';
  readonly value?: number;
  readonly values?: readonly number[];
  readonly violation?: number;
}

/** What may be asked of a search beside one objective. */
export type Demands = Pick<Problem, 'goals' | 'isConstrained' | 'limits' | 'enqueued' | 'prior'>;

/** A valid space that the algorithm accepts, and a past. */
export interface ConformanceCase {
  readonly dimensions: readonly Dimension[];
  readonly seed: number;
  readonly goal: Goal;
  readonly past: readonly PastResult[];
  readonly demands?: Demands;
  /** Indices to ask for, in no order. */
  readonly indices: readonly number[];
}

export interface ConformanceCheck {
  /** What holds, with the rows of reliability.md that it proves. */
  readonly title: string;
  readonly appliesTo: (subject: AlgorithmInfo) => boolean;
  /** @throws {Error} saying what does not hold. */
  readonly run: (subject: Subject, given: ConformanceCase) => void;
}

const always = () => true;

/** What every registered algorithm must fulfil on every space, seed and history. */
export const CONFORMANCE: readonly ConformanceCheck[] = [
  {
    title: 'K4 K5 every sample lies within its declared domain, negative and log ranges included',
    appliesTo: always,
    run: (subject, given) => {
      for (const configuration of configurations(subject, given)) {
        for (const dimension of given.dimensions) {
          const value = givenValue(configuration, dimension.name);
          if (value !== undefined) assertInDeclared(dimension, value);
        }
      }
    },
  },
  {
    title: 'a parameter is present exactly if its condition holds, in declaration order',
    appliesTo: always,
    run: (subject, given) => {
      for (const configuration of configurations(subject, given)) {
        const wanted = given.dimensions
          .filter((dimension) => isDeclaredActive(dimension, given.dimensions, configuration))
          .map(({ name }) => name);
        assertSame(Object.keys(configuration), wanted, 'active parameters');
      }
    },
  },
  {
    title: 'the same arguments give the same suggestion, whatever was asked before',
    appliesTo: always,
    run: (subject, given) => {
      const ascending = new Map<number, Suggestion>();
      const history = pastOf(subject, given);
      for (const index of given.indices.toSorted((a, b) => a - b)) {
        ascending.set(index, subject.suggest(problemOf(subject, given), history, index));
      }
      // A fresh problem and another order: nothing may be remembered.
      const problem = problemOf(subject, given);
      for (const index of given.indices) {
        const again = subject.suggest(problem, history, index);
        assertSame(again, ascending.get(index), `suggestion ${index}`);
      }
    },
  },
  {
    title: 'any suggestion is recomputed from the results that it saw, whatever came after',
    appliesTo: ({ usesHistory }) => usesHistory,
    run: (subject, given) => {
      const problem = problemOf(subject, given);
      const { entries, running } = pastOf(subject, given);
      const all = [...entries, ...running].toSorted((a, b) => b.index - a.index);
      for (const { index, configuration } of all) {
        const isEarlier = (entry: RunningEntry) => entry.index < index;
        const seen = { entries: entries.filter(isEarlier), running: running.filter(isEarlier) };
        const suggestion = subject.suggest(problem, seen, index);
        assertSame(
          suggestion.kind === 'suggested' && suggestion.configuration,
          configuration,
          `suggestion ${index}`,
        );
      }
    },
  },
  {
    title: 'the order in which the results are listed changes nothing',
    appliesTo: always,
    run: (subject, given) => {
      const problem = problemOf(subject, given);
      const history = pastOf(subject, given);
      const turned = {
        entries: history.entries.toReversed(),
        running: history.running.toReversed(),
      };
      for (const index of given.indices) {
        const wanted = subject.suggest(problem, history, index);
        assertSame(subject.suggest(problem, turned, index), wanted, `suggestion ${index}`);
      }
    },
  },
  {
    title: 'a past of failures, NaN and infinities gives a suggestion like any other',
    appliesTo: always,
    run: (subject, given) => {
      for (const outcome of ['failed', 'diverged', 'infeasible', 'succeeded'] as const) {
        const past = given.past.map((result, i) => hopeless(result, outcome, i));
        configurations(subject, { ...given, past });
      }
    },
  },
  {
    title: 'without use of the history a suggestion does not depend on it',
    appliesTo: ({ usesHistory }) => !usesHistory,
    run: (subject, given) => {
      const problem = problemOf(subject, given);
      const history = pastOf(subject, given);
      for (const index of given.indices) {
        const wanted = subject.suggest(problem, EMPTY_HISTORY, index);
        assertSame(subject.suggest(problem, history, index), wanted, `suggestion ${index}`);
      }
    },
  },
  {
    title: 'each suggestion names its algorithm and version',
    appliesTo: always,
    run: (subject, given) => {
      const suggestion = subject.suggest(problemOf(subject, given), EMPTY_HISTORY, 0);
      if (suggestion.kind === 'exhausted') throw new Error('exhausted before the first suggestion');
      assertSame(suggestion.algorithm, `${subject.name}@${subject.version}`, 'algorithm');
      assertSame(suggestion.usesHistory, subject.usesHistory, 'usesHistory');
    },
  },
];

/** A registered algorithm as a subject. */
export function subjectOf(algorithm: AlgorithmInfo): Subject {
  return { ...algorithm, suggest };
}

function problemOf(subject: Subject, given: ConformanceCase): Problem {
  const { dimensions, goal, seed, demands } = given;
  return {
    ...demands,
    space: compileSpace(dimensions),
    goal,
    algorithm: subject.name,
    seed,
    maxTrials: Math.max(1, ...given.indices),
  };
}

/** The history of a case: each past configuration is the algorithm's own, given those before it. */
function pastOf(subject: Subject, given: ConformanceCase): History {
  const problem = problemOf(subject, given);
  const entries: HistoryEntry[] = [];
  const running: RunningEntry[] = [];
  for (const [index, { outcome, ...result }] of given.past.entries()) {
    const suggestion = subject.suggest(problem, { entries, running }, index);
    if (suggestion.kind === 'exhausted') break;
    const { configuration } = suggestion;
    if (outcome === 'running') running.push({ index, configuration });
    else entries.push({ index, configuration, outcome, ...result });
  }
  // Frozen, so that an algorithm which sorts its argument in place fails here.
  return { entries: Object.freeze(entries), running: Object.freeze(running) };
}

function configurations(subject: Subject, given: ConformanceCase): readonly Configuration[] {
  const problem = problemOf(subject, given);
  const history = pastOf(subject, given);
  return given.indices
    .map((index) => subject.suggest(problem, history, index))
    .filter((suggestion) => suggestion.kind === 'suggested')
    .map(({ configuration }) => configuration);
}

function hopeless(result: PastResult, outcome: Outcome, position: number): PastResult {
  if (result.outcome === 'running') return result;
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined];
  const value = values[position % values.length];
  const { values: all, violation } = result;
  return {
    outcome,
    ...(value === undefined ? {} : { value }),
    ...(all === undefined ? {} : { values: all.map((one) => value ?? one) }),
    ...(violation === undefined ? {} : { violation }),
  };
}

function assertSame(actual: unknown, wanted: unknown, what: string): void {
  // JSON keeps the order of keys and every bit of a finite number, and there is nothing else here.
  const [got, want] = [JSON.stringify(actual), JSON.stringify(wanted)];
  if (got !== want) throw new Error(`${what}: got ${got}, want ${want}`);
}
