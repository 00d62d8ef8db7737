/** A process that knows nothing but the questions it is asked; for tests. */
import { answer, type Question } from './question.ts';

process.on('message', (question: Question) => process.send?.(answer(question)));
