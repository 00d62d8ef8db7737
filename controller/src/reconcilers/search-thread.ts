/** The program of the search thread: answers one question after the other. */
import { parentPort } from 'node:worker_threads';
import { suggest } from '@espalier/search';
import { Memory, type SearchAnswer, type SearchQuestion } from './search-messages.ts';

const memory = new Memory();

function answer(question: SearchQuestion): SearchAnswer {
  const { id, configuration } = question;
  try {
    const { problem, history } = memory.take(question);
    return { id, suggestion: suggest(problem, history, configuration) };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { id, error: { name, message } };
  }
}

parentPort?.on('message', (question: SearchQuestion) => parentPort?.postMessage(answer(question)));
