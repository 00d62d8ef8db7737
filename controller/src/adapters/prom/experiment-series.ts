import {
  CONDITION,
  durationMs,
  type Experiment,
  isTerminalExperiment,
  mainObjective,
  TRIAL_PHASES,
} from '@espalier/api';
import { parseTime } from '../../domain/time.ts';
import { type Family, headOf, labelText } from './text-format.ts';

const gauge = (name: string, help: string): Family => ({
  name: `espalier_experiment_${name}`,
  type: 'gauge',
  help,
});

const INFO = gauge('info', 'Always 1; what the Experiment looks for.');
const PHASE = gauge('phase', '1 for the phase that the Experiment is in.');
const DEGRADED = gauge('degraded', 'Whether something is in the way of the Experiment: 1 or 0.');
const TRIALS = gauge('trials', 'Trials of the Experiment by phase.');
const CONFIGURATIONS = gauge(
  'configurations',
  'Configurations by state: created, completed, failed (counts towards maxFailed), invalid.',
);
const MAX_CONFIGURATIONS = gauge('max_configurations', 'trials.max of the Experiment.');
const MAX_FAILED = gauge('max_failed_configurations', 'trials.maxFailed of the Experiment.');
const BEST = gauge('best_value', 'Objective of the best Trial that ended.');
const STALL = gauge('stall_deadline_seconds', 'deadlines.stall of the Experiment.');

/** A sample that is ready but for the family's position on the page. */
export interface Sample {
  readonly family: Family;
  readonly head: string;
  readonly value: number;
}

/** The aggregates of one Experiment, from its status. Their number does not depend on its Trials. */
export function experimentSamples({ metadata, spec, status }: Experiment): Sample[] {
  const own = { namespace: metadata.namespace, experiment: metadata.name };
  const sample = (family: Family, value: number, more: Record<string, string> = {}): Sample => ({
    family,
    head: headOf(family, labelText({ ...own, ...more })),
    value,
  });
  const { metric, goal } = mainObjective(spec);
  const samples = [
    sample(INFO, 1, { metric, goal, algorithm: spec.search.algorithm }),
    sample(PHASE, 1, { phase: status?.phase ?? 'Pending' }),
    sample(MAX_CONFIGURATIONS, spec.trials.max),
    sample(MAX_FAILED, spec.trials.maxFailed),
    sample(STALL, durationMs(spec.deadlines.stall) / 1000),
  ];
  if (status === undefined) return samples;
  const isDegraded = status.conditions.some(
    (condition) => condition.type === CONDITION.degraded && condition.status === 'True',
  );
  samples.push(sample(DEGRADED, isDegraded ? 1 : 0));
  const { trials, configurations, best } = status;
  if (trials !== undefined) {
    for (const phase of TRIAL_PHASES) {
      samples.push(sample(TRIALS, trials[countName(phase)], { phase }));
    }
  }
  if (configurations !== undefined) {
    for (const state of ['created', 'completed', 'failed', 'invalid'] as const) {
      samples.push(sample(CONFIGURATIONS, configurations[state], { state }));
    }
  }
  if (best !== undefined) samples.push(sample(BEST, best.value));
  return samples;
}

/** When it ended; undefined = it has not. */
export function endOf({ status }: Experiment): number | undefined {
  return isTerminalExperiment(status?.phase) ? (parseTime(status?.completionTime) ?? 0) : undefined;
}

function countName<P extends string>(phase: P): Uncapitalize<P> {
  return (phase.charAt(0).toLowerCase() + phase.slice(1)) as Uncapitalize<P>;
}
