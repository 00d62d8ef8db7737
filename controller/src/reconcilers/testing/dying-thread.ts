/** A search thread that dies of every question with an odd number, and never answers the fourth. */
import { parentPort } from 'node:worker_threads';
import type { SearchQuestion } from '../search-messages.ts';

parentPort?.on('message', ({ id, configuration }: SearchQuestion) => {
  if (configuration === 4) return;
  if (configuration % 2 === 1) throw new Error('out of luck');
  parentPort?.postMessage({ id, suggestion: { kind: 'exhausted', reason: `${configuration}` } });
});
