import { type Experiment, objectivesOf, type Trial, type TrialPhase } from '@espalier/api';
import type { LocalClient, TrialView } from '@espalier/controller/local';
import { trialRow } from '../../view/trial-row.ts';
import type { PlottedAttempt, PlottedTrial, Sweep, TrialEnd } from '../sweep.ts';
import { plottedParameters, plottedValues } from './parameters.ts';
import { readPointFiles } from './points.ts';

/** Metrics of which pictures show every point, besides the objective. */
const ALWAYS_READ = ['grad_norm', 'grad_norm_mean', 'grad_norm_max'];

export interface SweepSource {
  readonly experiment: Experiment;
  readonly views: readonly TrialView[];
  readonly importance: Sweep['importance'];
  readonly nowMs: number;
}

/**
 * All that pictures show of an Experiment.
 *
 * @param client Where the points are read from; undefined = the picture shows none.
 */
export async function readSweep(source: SweepSource, client?: LocalClient): Promise<Sweep> {
  const { experiment, views, importance, nowMs } = source;
  const objectives = objectivesOf(experiment.spec);
  const metrics = new Set([...objectives.map(({ metric }) => metric), ...ALWAYS_READ]);
  const trials: PlottedTrial[] = [];
  for (const view of views) {
    const files = (await client?.pointFiles(view.trial)) ?? [];
    const points = await readPointFiles(files, metrics);
    trials.push({ ...plottedTrial(experiment, view, nowMs), points });
  }
  return {
    name: experiment.metadata.name,
    objectives: objectives.map(({ metric, goal }) => ({ metric, goal })),
    parameters: plottedParameters(
      experiment,
      views.map(({ trial }) => trial),
    ),
    trials,
    importance,
  };
}

function plottedTrial(experiment: Experiment, view: TrialView, nowMs: number): PlottedTrial {
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
    points: [],
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
