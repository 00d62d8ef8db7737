/** Recomputes suggestions in a process of its own: a JSON line of {spec, trials, configuration} each. */
import { createInterface } from 'node:readline';
import { suggest } from '@espalier/search';
import { problemOf } from '../experiment/check.ts';
import { progressOf } from '../experiment/progress.ts';
import { suggestionInput } from '../experiment/suggestion.ts';

for await (const line of createInterface({ input: process.stdin })) {
  const { spec, trials, configuration } = JSON.parse(line);
  const problem = problemOf(spec);
  const { history, basis } = suggestionInput(problem, progressOf(spec, trials), configuration);
  const suggestion = suggest(problem, history, configuration);
  process.stdout.write(`${JSON.stringify({ basis, suggestion })}\n`);
}
