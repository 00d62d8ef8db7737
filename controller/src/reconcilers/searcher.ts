import { type History, type Problem, type Suggestion, suggest } from '@espalier/search';

/** Computes suggestions; asynchronous, because heavier algorithms belong in a worker thread. */
export interface Searcher {
  suggest(problem: Problem, history: History, configuration: number): Promise<Suggestion>;
}

/** On this thread. */
export const IN_PROCESS_SEARCHER: Searcher = {
  suggest: async (problem, history, configuration) => suggest(problem, history, configuration),
};
