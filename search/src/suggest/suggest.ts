import type { Algorithm, ProblemIssue } from './algorithm.ts';
import type { History, Problem, Suggestion } from './problem.ts';
import { ALGORITHMS, findAlgorithm } from './registry.ts';

export type SearchErrorCode = 'unknown-algorithm' | 'invalid-problem' | 'invalid-index';

/** Thrown by `suggest` for arguments that `checkProblem` would have refused. */
export class SearchError extends Error {
  readonly code: SearchErrorCode;

  constructor(code: SearchErrorCode, message: string) {
    super(message);
    this.name = 'SearchError';
    this.code = code;
  }
}

/** Everything that stands against searching this problem; none means `suggest` works. */
export function checkProblem(problem: Problem): readonly ProblemIssue[] {
  const issues: ProblemIssue[] = [];
  const algorithm = findAlgorithm(problem.algorithm);
  if (algorithm === undefined) {
    const message = unknownAlgorithm(problem.algorithm);
    issues.push({ field: 'algorithm', code: 'unknown-algorithm', message });
  }
  if (!Number.isSafeInteger(problem.seed)) {
    const message = `the search seed must be an integer within 2^53-1, got ${problem.seed}`;
    issues.push({ field: 'seed', code: 'seed-not-an-integer', message });
  }
  if (!(Number.isSafeInteger(problem.maxTrials) && problem.maxTrials > 0)) {
    const message = `the number of trials must be a positive integer, got ${problem.maxTrials}`;
    issues.push({ field: 'maxTrials', code: 'max-trials-not-positive', message });
  }
  return algorithm === undefined ? issues : [...issues, ...algorithm.check(problem)];
}

/**
 * The configuration of one index: the same arguments give the same answer, bit for bit, whatever was
 * asked before and on whatever machine.
 *
 * @param history Final results this suggestion may see and lower indices still running; ascending.
 * @param index Configuration number, from 0; it may exceed `problem.maxTrials`.
 * @throws {SearchError} if `checkProblem` finds fault, or `index` is not a natural number.
 */
export function suggest(problem: Problem, history: History, index: number): Suggestion {
  if (!(Number.isSafeInteger(index) && index >= 0)) {
    throw new SearchError('invalid-index', `index must be a natural number, got ${index}`);
  }
  const { name, version, usesHistory, propose } = requireAlgorithm(problem);
  const proposal = propose(problem, history, index);
  if (proposal.kind === 'exhausted') return proposal;
  const { configuration } = proposal;
  return { kind: 'suggested', configuration, algorithm: `${name}@${version}`, usesHistory };
}

function requireAlgorithm(problem: Problem): Algorithm {
  const algorithm = findAlgorithm(problem.algorithm);
  if (algorithm === undefined) {
    throw new SearchError('unknown-algorithm', unknownAlgorithm(problem.algorithm));
  }
  const [issue] = checkProblem(problem);
  if (issue !== undefined) throw new SearchError('invalid-problem', issue.message);
  return algorithm;
}

function unknownAlgorithm(name: string): string {
  const known = ALGORITHMS.map((algorithm) => algorithm.name).join(', ');
  return `no algorithm is called "${name}"; there are ${known}`;
}
