import {
  checkExperiment as checkRules,
  type ExperimentSpec,
  mainObjective,
  nearestName,
  objectivesOf,
  type WarmStartRecord,
} from '@espalier/api';
import {
  ALGORITHMS,
  algorithmInfo,
  checkProblem,
  checkRule,
  checkSpace,
  compileSpace,
  type Problem,
  type ProblemIssue,
  type Space,
  type SpaceProblem,
} from '@espalier/search';
import { demandsOf } from './beginning.ts';
import { checkBeginning } from './check-beginning.ts';
import { dimensionsOf, parameterType } from './problem.ts';
import { stopRulesOf } from './stop-rule.ts';

/** Something about a spec that keeps it from being run, and where. */
export interface SpecProblem {
  /** From the object's root: `['spec', 'parameters', 2, 'float', 'min']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** The name that was probably meant. */
  readonly suggestion?: string;
}

/**
 * All that keeps a spec from being run; empty means that suggestions and verdicts work.
 *
 * The same for `validate`, for the local engine's apply and for the controller, which then starts
 * nothing and says so in the condition `Failed` with reason `InvalidSpec`.
 */
export function checkExperiment(spec: ExperimentSpec): readonly SpecProblem[] {
  const problems: SpecProblem[] = checkRules(spec).map(({ path, message }) => ({ path, message }));
  const report = (problem: SpecProblem) => {
    // The rules between fields, which the API server also states, have found some of the same.
    if (!problems.some(({ path }) => isWithin(problem.path, path))) problems.push(problem);
  };
  checkAlgorithm(spec).forEach(report);
  checkPopulation(spec).forEach(report);
  const dimensions = dimensionsOf(spec.parameters);
  if (dimensions !== undefined) {
    const found = checkSpace(dimensions);
    for (const problem of found) report(spaceProblem(spec, problem));
    if (found.length === 0 && objectivesOf(spec).length > 0) {
      const problem = problemOver(spec, compileSpace(dimensions));
      const given = checkBeginning(spec, problem.space);
      given.forEach(report);
      // What is given wrongly cannot be completed.
      const asked = given.length === 0 ? problem : withoutEnqueued(problem);
      for (const issue of checkProblem(asked)) {
        if (issue.code !== 'unknown-algorithm') report(searchProblem(spec, issue));
      }
    }
  }
  // The rules of later brackets follow from the first one.
  for (const { field, message } of stopRulesOf(spec).rules.slice(0, 1).flatMap(checkRule)) {
    // Of a rule that waits for patience, the fields stand where they stand without it.
    const name = field.replace(/^rule\./, '');
    report({ path: ['spec', 'earlyStopping', name], message });
  }
  return problems;
}

/**
 * What the search engine is asked.
 *
 * @param record What was taken from earlier Experiments; a spec with `warmStart` is searched only once
 * that is recorded.
 * @throws {RangeError} for a spec in which `checkExperiment` finds fault.
 */
export function problemOf(spec: ExperimentSpec, record?: WarmStartRecord): Problem {
  const dimensions = dimensionsOf(spec.parameters);
  if (dimensions === undefined) throw new RangeError('a parameter has no complete domain');
  return problemOver(spec, compileSpace(dimensions), record);
}

/** Problems as one sentence for a condition's message. */
export function problemText(problems: readonly SpecProblem[]): string {
  return problems.map(({ path, message }) => `${pathText(path)}: ${message}`).join('; ');
}

function problemOver(spec: ExperimentSpec, space: Space, record?: WarmStartRecord): Problem {
  return {
    ...demandsOf(spec, record),
    space,
    goal: mainObjective(spec).goal,
    algorithm: spec.search.algorithm,
    seed: spec.search.seed,
    maxTrials: spec.trials.max,
  };
}

function checkAlgorithm({ search: { algorithm } }: ExperimentSpec): readonly SpecProblem[] {
  if (algorithmInfo(algorithm) !== undefined) return [];
  const names = ALGORITHMS.map(({ name }) => name);
  const suggestion = nearestName(algorithm, names);
  const message = `no algorithm is called "${algorithm}"; there are ${names.join(', ')}`;
  const path = ['spec', 'search', 'algorithm'];
  return [suggestion === undefined ? { path, message } : { path, message, suggestion }];
}

function checkPopulation(spec: ExperimentSpec): SpecProblem[] {
  const { search, earlyStopping, replicates } = spec;
  if (search.algorithm !== 'pbt') {
    if (search.population === undefined) return [];
    const message = 'a population is trained by the algorithm pbt only';
    return [{ path: ['spec', 'search', 'population'], message }];
  }
  const problems: SpecProblem[] = [];
  const { interval = 1, max } = search.population ?? {};
  if (max !== undefined && interval >= max) {
    const message = `must be less than max (${max}), or no member is ever judged`;
    problems.push({ path: ['spec', 'search', 'population', 'interval'], message });
  }
  if (earlyStopping !== undefined) {
    const message = 'pbt replaces its worst members itself; leave earlyStopping out';
    problems.push({ path: ['spec', 'earlyStopping'], message });
  }
  if (replicates !== undefined) {
    const message = 'a member of a population cannot be repeated; leave replicates out';
    problems.push({ path: ['spec', 'replicates'], message });
  }
  for (const field of ['objectives', 'constraints'] as const) {
    if (spec[field] === undefined) continue;
    const message = `pbt ranks its members by one objective; leave ${field} out`;
    problems.push({ path: ['spec', field], message });
  }
  return problems;
}

function spaceProblem(spec: ExperimentSpec, problem: SpaceProblem): SpecProblem {
  const parameter = spec.parameters[problem.index];
  const type = (parameter && parameterType(parameter)) ?? 'float';
  const base = { path: [...parameterPath(problem.index)], message: problem.message };
  switch (problem.field) {
    case 'name':
      return { ...base, path: [...base.path, 'name'] };
    case 'when.parent': {
      const path = [...base.path, 'when', 'parameter'];
      const names = spec.parameters.map(({ name }) => name);
      const parent = parameter?.when?.parameter ?? '';
      const suggestion = problem.code === 'when-missing' ? nearestName(parent, names) : undefined;
      return suggestion === undefined ? { ...base, path } : { ...base, path, suggestion };
    }
    case 'when.in':
      return { ...base, path: [...base.path, 'when', 'in'] };
    case 'value':
    case 'values':
    case 'min':
    case 'max':
    case 'step':
      return { ...base, path: [...base.path, type, problem.field] };
  }
}

function searchProblem(spec: ExperimentSpec, issue: ProblemIssue): SpecProblem {
  const { message } = issue;
  switch (issue.field) {
    case 'algorithm':
      return { path: ['spec', 'search', 'algorithm'], message };
    case 'seed':
      return { path: ['spec', 'search', 'seed'], message };
    case 'maxTrials':
      return { path: ['spec', 'trials', 'max'], message };
    case 'limits': {
      const limit = issue.at === undefined ? undefined : spec.parameterConstraints?.[issue.at];
      const path = ['spec', 'parameterConstraints', ...(issue.at === undefined ? [] : [issue.at])];
      if (limit === undefined || issue.term === undefined) return { path, message };
      const kind = limit.sum === undefined ? 'product' : 'sum';
      return { path: [...path, kind, issue.term], message };
    }
    case 'enqueued':
      return { path: ['spec', 'enqueue', issue.at ?? 0], message };
    case 'space': {
      const index = spec.parameters.findIndex(({ name }) => name === issue.dimension);
      return { path: index < 0 ? ['spec', 'parameters'] : parameterPath(index), message };
    }
  }
}

function withoutEnqueued({ enqueued: _, ...problem }: Problem): Problem {
  return problem;
}

function parameterPath(index: number): readonly (string | number)[] {
  return ['spec', 'parameters', index];
}

function isWithin(
  path: readonly (string | number)[],
  other: readonly (string | number)[],
): boolean {
  return other.length >= 4 && other.every((part, position) => part === path[position]);
}

function pathText(path: readonly (string | number)[]): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join('');
}
