import type { Algorithm, ProblemIssue } from './algorithm.ts';
import { checkLimits } from './check-limits.ts';
import { checkEnqueued, completed } from './enqueued.ts';
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
  if (algorithm !== undefined) {
    issues.push(...algorithm.check(problem), ...checkDemands(problem, algorithm));
  }
  const limits = checkLimits(problem.space, problem.limits);
  issues.push(...limits);
  // What cannot be fulfilled at all need not be tried for each of these.
  return limits.length > 0 ? issues : [...issues, ...checkEnqueued(problem)];
}

/** What is asked for that an algorithm which looks at results would leave out of account. */
function checkDemands(
  { goals, isConstrained = false, prior = [] }: Problem,
  { name, usesHistory, takesSeveral, takesConstraints, takesPrior }: Algorithm,
): readonly ProblemIssue[] {
  const issues: ProblemIssue[] = [];
  const refuse = (code: ProblemIssue['code'], message: string) =>
    issues.push({ field: 'algorithm', code, message });
  if (usesHistory && goals !== undefined && takesSeveral !== true) {
    refuse('one-objective-only', `${name} searches for one objective; use tpe or auto`);
  }
  if (usesHistory && isConstrained && takesConstraints !== true) {
    refuse('no-constraints', `${name} takes no constraints; use tpe or auto`);
  }
  if (prior.length > 0 && takesPrior !== true) refuse('no-prior', noPrior(name));
  return issues;
}

function noPrior(name: string): string {
  return `${name} learns nothing from earlier results; use tpe, gp or auto, or enqueue the best of them`;
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
  const proposal = propose(problem, withPrior(problem, history), index);
  if (proposal.kind === 'exhausted') return proposal;
  const given = problem.enqueued?.[index];
  const configuration =
    given === undefined
      ? proposal.configuration
      : (completed(problem, given, proposal.configuration, index) ?? proposal.configuration);
  return { kind: 'suggested', configuration, algorithm: `${name}@${version}`, usesHistory };
}

function withPrior({ prior = [] }: Problem, history: History): History {
  if (prior.length === 0) return history;
  return { entries: [...prior, ...history.entries], running: history.running };
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
