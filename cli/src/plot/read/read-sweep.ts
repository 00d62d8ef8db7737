import { type Experiment, objectivesOf, type Trial, type TrialPhase } from '@espalier/api';
import type { TrialView } from '@espalier/controller/local';
import type { Engine } from '../../surroundings.ts';
import { trialRow } from '../../view/trial-row.ts';
import type {
  FrontMean,
  PlottedAttempt,
  PlottedPoint,
  PlottedTrial,
  Sweep,
  TrialEnd,
} from '../sweep.ts';
import { plottedParameters, plottedValues } from './parameters.ts';

/** Metrics of which pictures show every point, besides the objective. */
const ALWAYS_READ = ['grad_norm', 'grad_norm_mean', 'grad_norm_max'];

export interface SweepSource {
  readonly experiment: Experiment;
  readonly views: readonly TrialView[];
  readonly importance: Sweep['importance'];
  readonly missesConstraints: Engine['missesConstraints'];
  readonly nowMs: number;
}

/** The points of a Trial, only the named metrics. */
export type ReadPoints = (
  trial: Trial,
  metrics: ReadonlySet<string>,
) => Promise<readonly PlottedPoint[]>;

/** So many Trials at once: a store takes longer to answer than to send. */
const AT_ONCE = 16;

/**
 * All that pictures show of an Experiment.
 *
 * @param readPoints Undefined = the picture shows none.
 */
export async function readSweep(source: SweepSource, readPoints?: ReadPoints): Promise<Sweep> {
  const { experiment, views, importance, missesConstraints, nowMs } = source;
  const objectives = objectivesOf(experiment.spec);
  const metrics = new Set([...objectives.map(({ metric }) => metric), ...ALWAYS_READ]);
  const trials: PlottedTrial[] = [];
  for (let from = 0; from < views.length; from += AT_ONCE) {
    const some = views.slice(from, from + AT_ONCE).map(async (view) => {
      const points = (await readPoints?.(view.trial, metrics)) ?? [];
      const { observation } = view.trial.status ?? {};
      const isInfeasible =
        observation !== undefined && missesConstraints(experiment.spec, observation);
      return { ...plottedTrial(experiment, view, nowMs), isInfeasible, points };
    });
    trials.push(...(await Promise.all(some)));
  }
  return {
    name: experiment.metadata.name,
    objectives: objectives.map(({ metric, goal }) => ({ metric, goal })),
    parameters: plottedParameters(
      experiment,
      views.map(({ trial }) => trial),
    ),
    trials,
    ...(experiment.spec.replicates === undefined ? {} : { front: frontMeans(experiment) }),
    importance,
  };
}

/** Of entries whose values are all known. */
function frontMeans({ spec, status }: Experiment): readonly FrontMean[] {
  return (status?.pareto?.front ?? []).flatMap(({ configuration, values }) => {
    const means = objectivesOf(spec).flatMap(
      ({ metric }) => values.find((one) => one.metric === metric)?.value ?? [],
    );
    return means.length === objectivesOf(spec).length ? [{ configuration, values: means }] : [];
  });
}

function plottedTrial(
  experiment: Experiment,
  view: TrialView,
  nowMs: number,
): Omit<PlottedTrial, 'isInfeasible' | 'points'> {
  const { trial } = view;
  const row = trialRow(experiment, view, nowMs);
  const { log, checkpoint } = trial.status?.artifacts ?? {};
  return {
    name: trial.metadata.name,
    index: trial.spec.index,
    end: endOf(row.phase),
    state: row.state,
    parameters: plottedValues(trial),
    values: [row.value, ...furtherValues(experiment, trial)],
    attempts: attemptsOf(trial, nowMs),
    links: {
      ...(log === undefined ? {} : { log }),
      ...(checkpoint === undefined ? {} : { checkpoint: checkpoint.uri }),
    },
  };
}

/** Of the objectives behind the first one. */
function furtherValues({ spec }: Experiment, { status }: Trial): readonly (number | undefined)[] {
  const values = status?.observation?.values;
  return objectivesOf(spec)
    .slice(1)
    .map(({ metric }) => values?.find((one) => one.metric === metric)?.value);
}

function endOf(phase: TrialPhase): TrialEnd {
  switch (phase) {
    case 'Succeeded':
      return 'succeeded';
    case 'Stopped':
      return 'stopped';
    case 'Failed':
      return 'failed';
    default:
      return 'running';
  }
}

function attemptsOf({ status }: Trial, nowMs: number): PlottedAttempt[] {
  return (status?.attempts ?? []).flatMap(({ number, startTime, endTime, outcome }) => {
    const startMs = Date.parse(startTime ?? '');
    if (Number.isNaN(startMs)) return [];
    const endMs = endTime === undefined ? nowMs : Date.parse(endTime);
    return [{ number, startMs, endMs: Math.max(startMs, endMs), outcome: outcome ?? 'Running' }];
  });
}
