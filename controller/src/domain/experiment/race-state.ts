import { type ExperimentSpec, isTerminalTrial, mainObjective, type Trial } from '@espalier/api';
import { mean } from '@espalier/search';
import { bestOfTrials, type ConfigurationState, faultOf } from './configuration.ts';
import { metricValue, violationOf } from './goals.ts';
import type { Race } from './race.ts';

/**
 * What the Trials of one configuration make of it in a race. Its value is the mean over the replicates of
 * the last rung that it completed, or over those held back once all of them have ended: as the race
 * goes on the value changes, and the number of replicates grows.
 *
 * @param trials Its Trials that exist, by ascending replicate.
 */
export function racedState(
  trials: readonly Trial[],
  race: Race,
  spec: ExperimentSpec,
): ConfigurationState {
  const { rule, sizes, confirm } = race;
  const fault = faultOf(trials);
  const raceTrials = leading(trials, 0);
  const confirmTrials = leading(trials, rule.replicates);
  const size = sizes.findLast((one) => one <= raceTrials.length) ?? 0;
  const isConfirmed = confirm.count > 0 && confirmTrials.length === confirm.count;
  const counted = isConfirmed ? confirmTrials : raceTrials.slice(0, size);
  const hasValue = fault === undefined && counted.length > 0;
  const values = counted.map(resultOf);
  const isOver = trials.every(({ status }) => isTerminalTrial(status?.phase));
  return {
    isEnded: fault === undefined ? size > 0 : isOver,
    fault,
    value: hasValue ? mean(values) : undefined,
    counted: hasValue ? values : [],
    raceValues: raceTrials.map(resultOf),
    isConfirmed,
    ...{ values: undefined, violation: hasValue ? violationOf(spec, meanOf) : 0 },
    bestTrial: hasValue ? bestOfTrials(counted, mainObjective(spec).goal) : undefined,
    outcome: outcomeOf(),
  };

  function meanOf(metric: string): number | undefined {
    const own = counted.map(({ status }) => metricValue(spec, status?.observation ?? {}, metric));
    return own.every((one) => one !== undefined) ? mean(own) : undefined;
  }

  function outcomeOf(): ConfigurationState['outcome'] {
    if (fault !== undefined) return fault === 'diverged' ? 'diverged' : 'infeasible';
    if (size === 0) return undefined;
    const isWhole = raceTrials.slice(0, size).every(({ status }) => status?.phase === 'Succeeded');
    return isWhole ? 'succeeded' : 'stopped';
  }
}

/** The Trials of consecutive replicates from that one on that ended with a value. */
function leading(trials: readonly Trial[], from: number): Trial[] {
  const found: Trial[] = [];
  for (const trial of trials) {
    if (trial.spec.replicate < from) continue;
    const isNext = trial.spec.replicate === from + found.length;
    const { phase, observation } = trial.status ?? {};
    if (!isNext || !isTerminalTrial(phase) || observation?.value === undefined) break;
    found.push(trial);
  }
  return found;
}

function resultOf({ status }: Trial): number {
  return status?.observation?.value as number;
}
