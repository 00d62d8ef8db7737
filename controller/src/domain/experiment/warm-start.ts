import {
  type ExperimentSpec,
  LIMITS,
  objectivesOf,
  type ParameterAssignment,
  type Trial,
  type WarmStartRecord,
} from '@espalier/api';
import {
  type Configuration,
  compileSpace,
  fulfils,
  type Goal,
  mean,
  restrictTo,
  type Space,
} from '@espalier/search';
import { omitUndefined } from '../same.ts';
import { limitsOf } from './beginning.ts';
import type { SpecProblem } from './check.ts';
import { areBetter, goalsOf, metricValue, violationOf } from './goals.ts';
import { dimensionsOf, parameterType } from './problem.ts';
import type { ExperimentProgress } from './progress.ts';

/** An Experiment that `warmStart` names, as it is at this moment. */
export interface WarmStartSource {
  readonly name: string;
  /** undefined = there is none of that name, or it is the Experiment itself. */
  readonly found:
    | { readonly spec: ExperimentSpec; readonly progress: Readonly<ExperimentProgress> }
    | undefined;
}

type Earlier = WarmStartRecord['configurations'][number];

/** Of all entries together: a status must stay far below a request's limit. */
const MOST_CHARACTERS = 131_072;

/** The names of `warmStart` that stand for no other Experiment. */
export function checkSources(sources: readonly WarmStartSource[]): readonly SpecProblem[] {
  return sources.flatMap(({ name, found }, at): SpecProblem[] => {
    if (found !== undefined) return [];
    const message = `there is no other Experiment "${name}" in this namespace`;
    return [{ path: ['spec', 'warmStart', 'experiments', at], message }];
  });
}

/**
 * What is taken of earlier Experiments: configurations that succeeded, with a value of every metric that
 * counts here and with parameters that make a configuration of this space, within its limits. Other
 * parameters are left out; fixed ones have the value of this spec.
 *
 * Of more than `warmStart.trials` the better half stays, and of the others every so-manieth by value, so
 * that the search also learns where not to look.
 */
export function warmStartRecord(
  spec: ExperimentSpec,
  sources: readonly WarmStartSource[],
): WarmStartRecord {
  const space = compileSpace(dimensionsOf(spec.parameters) ?? []);
  const all = sources.flatMap(({ name, found }) =>
    found === undefined ? [] : earlierOf(spec, space, name, found),
  );
  const kept = chosenOf(goalsOf(spec), all, spec.warmStart?.trials ?? LIMITS.warmStartTrials);
  let characters = 0;
  const shown = new Set<Earlier>();
  for (const entry of kept) {
    characters += JSON.stringify(entry).length;
    if (characters > MOST_CHARACTERS) break;
    shown.add(entry);
  }
  return { configurations: all.filter((entry) => shown.has(entry)) };
}

function earlierOf(
  spec: ExperimentSpec,
  space: Space,
  experiment: string,
  { spec: before, progress }: NonNullable<WarmStartSource['found']>,
): Earlier[] {
  return progress.results.flatMap(({ index, outcome, configuration }): Earlier[] => {
    if (outcome !== 'succeeded') return [];
    const trials = progress.trialsOf(index);
    const known = (metric: string) => meanOf(before, trials, metric);
    const values = objectivesOf(spec).map(({ metric }) => ({ metric, value: known(metric) }));
    const parameters = parametersOf(spec, space, configuration);
    const violation = violationOf(spec, known);
    if (parameters === undefined || !Number.isFinite(violation)) return [];
    const whole = values.flatMap(({ metric, value }) =>
      value === undefined ? [] : [{ metric, value }],
    );
    if (whole.length < values.length) return [];
    return [
      omitUndefined({
        ...{ experiment, configuration: index, values: whole, parameters },
        violation: violation > 0 ? violation : undefined,
      }),
    ];
  });
}

function meanOf(
  spec: ExperimentSpec,
  trials: readonly Trial[],
  metric: string,
): number | undefined {
  const values = trials.map(({ status }) => metricValue(spec, status?.observation ?? {}, metric));
  return values.every((value) => value !== undefined) ? mean(values) : undefined;
}

function parametersOf(
  spec: ExperimentSpec,
  space: Space,
  earlier: Configuration,
): ParameterAssignment[] | undefined {
  const configuration = restrictTo(space, earlier);
  if (configuration === undefined || !fulfils(limitsOf(spec), configuration)) return undefined;
  return spec.parameters.flatMap((parameter): ParameterAssignment[] => {
    const { name } = parameter;
    const type = parameterType(parameter);
    const value = Object.hasOwn(configuration, name) ? configuration[name] : undefined;
    return value === undefined || type === undefined
      ? []
      : [{ name, [type]: value } as ParameterAssignment];
  });
}

/** At most `most` of them, the ones that matter most first. */
function chosenOf(goals: readonly Goal[], all: readonly Earlier[], most: number): Earlier[] {
  const numbers = ({ values }: Earlier) => values.map(({ value }) => value);
  const miss = ({ violation = 0 }: Earlier) => violation;
  const ranked = all.toSorted((a, b) => {
    if (miss(a) !== miss(b)) return miss(a) - miss(b);
    if (areBetter(goals, numbers(a), numbers(b))) return -1;
    return areBetter(goals, numbers(b), numbers(a)) ? 1 : 0;
  });
  if (ranked.length <= most) return ranked;
  const best = Math.ceil(most / 2);
  const others = ranked.slice(best);
  const spread = Array.from({ length: most - best }, (_, i) => {
    return others[Math.floor((i * others.length) / (most - best))] as Earlier;
  });
  return [...ranked.slice(0, best), ...spread];
}
