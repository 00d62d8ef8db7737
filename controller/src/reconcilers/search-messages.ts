import type { History, HistoryEntry, Problem, RunningEntry, Suggestion } from '@espalier/search';
import { isSame } from '../domain/same.ts';

/** A question to the search thread: what it has not been told yet, and numbers for all the rest. */
export interface SearchQuestion {
  readonly id: number;
  /** Stands for the problem from the first question about it on. */
  readonly problemId: number;
  readonly problem?: Problem;
  readonly newEntries: readonly HistoryEntry[];
  readonly newRunning: readonly RunningEntry[];
  /** Configuration numbers of the history, in its order. */
  readonly entries: readonly number[];
  readonly running: readonly number[];
  readonly configuration: number;
  /** Problems that will not be asked about again. */
  readonly forget: readonly number[];
}

export type SearchAnswer = { readonly id: number } & (
  | { readonly suggestion: Suggestion }
  | { readonly error: { readonly name: string; readonly message: string } }
);

/** Problems of which a thread remembers the history; of others it is told all of it again. */
const MOST_PROBLEMS = 32;

interface Told {
  readonly id: number;
  readonly entries: Map<number, HistoryEntry>;
  readonly running: Map<number, RunningEntry>;
}

/**
 * Puts questions to one thread. A history of 10,000 results takes longer to copy than to learn from,
 * so each result is sent once.
 */
export class Questioner {
  /** The least recently asked first. */
  private readonly told = new Map<Problem, Told>();
  private problems = 0;
  private questions = 0;

  ask(problem: Problem, history: History, configuration: number): SearchQuestion {
    const known = this.told.get(problem);
    const told: Told = known ?? { id: ++this.problems, entries: new Map(), running: new Map() };
    this.told.delete(problem);
    this.told.set(problem, told);
    return {
      id: ++this.questions,
      problemId: told.id,
      ...(known === undefined ? { problem } : {}),
      newEntries: untold(told.entries, history.entries),
      newRunning: untold(told.running, history.running),
      entries: history.entries.map(({ index }) => index),
      running: history.running.map(({ index }) => index),
      configuration,
      forget: this.forgetOldest(),
    };
  }

  private forgetOldest(): number[] {
    const forgotten: number[] = [];
    for (const [problem, { id }] of this.told) {
      if (this.told.size <= MOST_PROBLEMS) break;
      this.told.delete(problem);
      forgotten.push(id);
    }
    return forgotten;
  }
}

/** The other end of a {@link Questioner}: the history of each question, put together again. */
export class Memory {
  private readonly known = new Map<number, Told & { readonly problem: Problem }>();

  take(question: SearchQuestion): { readonly problem: Problem; readonly history: History } {
    const { problemId: id, problem } = question;
    if (problem !== undefined) {
      this.known.set(id, { id, problem, entries: new Map(), running: new Map() });
    }
    for (const forgotten of question.forget) this.known.delete(forgotten);
    const known = this.known.get(id);
    if (known === undefined) throw new RangeError(`nothing is known of problem ${id}`);
    for (const entry of question.newEntries) known.entries.set(entry.index, entry);
    for (const entry of question.newRunning) known.running.set(entry.index, entry);
    const history = {
      entries: question.entries.map((index) => found(known.entries, index)),
      running: question.running.map((index) => found(known.running, index)),
    };
    return { problem: known.problem, history };
  }
}

/** The entries that differ from what was told; they count as told from now on. */
function untold<T extends RunningEntry>(told: Map<number, T>, entries: readonly T[]): T[] {
  const news: T[] = [];
  for (const entry of entries) {
    const before = told.get(entry.index);
    if (before === entry || (before !== undefined && isSame(before, entry))) continue;
    told.set(entry.index, entry);
    news.push(entry);
  }
  return news;
}

function found<T>(entries: ReadonlyMap<number, T>, index: number): T {
  const entry = entries.get(index);
  if (entry === undefined) throw new RangeError(`nothing is known of configuration ${index}`);
  return entry;
}
