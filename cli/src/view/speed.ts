import { type Experiment, mainObjective, type Trial } from '@espalier/api';
import { count, formatNumber } from '../render/number.ts';
import type { Speed } from './plan.ts';

export interface KnownTrials {
  readonly experiment: Experiment;
  readonly trials: readonly Trial[];
}

/**
 * Seconds per epoch (or per trial, if none reports epochs) of earlier trials: those of the
 * Experiment of the same name, else those of all that optimise the same metric.
 */
export function measureSpeed(
  experiment: Experiment,
  known: readonly KnownTrials[],
): Speed | undefined {
  const same = known.filter(({ experiment: other }) => isSame(other, experiment));
  const alike = known.filter(
    ({ experiment: other }) =>
      mainObjective(other.spec).metric === mainObjective(experiment.spec).metric,
  );
  return speedOf(same, experiment.metadata.name) ?? speedOf(alike, 'earlier Experiments');
}

function isSame({ metadata: a }: Experiment, { metadata: b }: Experiment): boolean {
  return a.name === b.name && a.namespace === b.namespace;
}

function speedOf(known: readonly KnownTrials[], whose: string): Speed | undefined {
  const ended = known.flatMap(({ trials }) => trials).flatMap(measure);
  if (ended.length === 0) return undefined;
  const seconds = sum(ended.map((trial) => trial.seconds));
  const epochs = sum(ended.map((trial) => trial.epochs));
  const basis = `from ${count(ended.length, 'trial')} of ${whose}`;
  if (epochs === 0) return { kind: 'trial', seconds: seconds / ended.length, basis };
  const perEpoch = seconds / epochs;
  return {
    kind: 'epoch',
    seconds: perEpoch,
    basis: `${formatNumber(perEpoch)}s per epoch, ${basis}`,
  };
}

/** A trial that was started more than once says nothing about speed. */
function measure({ status }: Trial): readonly { seconds: number; epochs: number }[] {
  const isUsable = status?.phase === 'Succeeded' || status?.phase === 'Stopped';
  const wasResumed = (status?.attempts.length ?? 0) > 1;
  const ms = Date.parse(status?.completionTime ?? '') - Date.parse(status?.startTime ?? '');
  if (!isUsable || wasResumed || !(ms > 0)) return [];
  return [{ seconds: ms / 1000, epochs: status?.observation?.lastEpoch ?? 0 }];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
