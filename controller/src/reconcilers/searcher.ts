import { type History, type Problem, type Suggestion, suggest } from '@espalier/search';
import type { Call } from '../ports/cluster.ts';

/** Computes suggestions; every implementation gives the answers of `suggest`, bit for bit. */
export interface Searcher {
  /** @throws the signal's reason when it aborts first; the answer is then dropped. */
  suggest(
    problem: Problem,
    history: History,
    configuration: number,
    call: Call,
  ): Promise<Suggestion>;
}

/** On this thread: nothing else goes on meanwhile. */
export const IN_PROCESS_SEARCHER: Searcher = {
  suggest: async (problem, history, configuration, { signal }) => {
    signal.throwIfAborted();
    return suggest(problem, history, configuration);
  },
};
