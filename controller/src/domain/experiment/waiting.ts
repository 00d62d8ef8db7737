import { type ExperimentSpec, LIMITS, type Trial } from '@espalier/api';
import type { HistoryEntry } from '@espalier/search';
import { rungValue, waitingRung } from '../trial/rungs.ts';
import { formatBasis, parseBasis } from './basis.ts';
import { configurationOf } from './problem.ts';

/** Where configurations wait for a promotion: the milestone, by number. */
export type Waiting = ReadonlyMap<number, number>;

/**
 * What the search is told of a configuration that waits: the value that it had there, since it may never
 * be promoted; undefined if it has no entry at that milestone.
 */
export function waitingEntry(
  spec: ExperimentSpec,
  trial: Trial,
  milestone: number,
): HistoryEntry | undefined {
  const rung = trial.status?.rungs.find(({ step, verdict }) => {
    return step === milestone && verdict === 'pause';
  });
  if (rung === undefined) return undefined;
  return {
    index: trial.spec.configuration,
    configuration: configurationOf(spec, trial.spec),
    outcome: 'stopped',
    value: rungValue(rung),
    step: milestone,
  };
}

/** What is known of those among the Trials that wait, by ascending number. */
export function waitingEntries(
  spec: ExperimentSpec,
  trials: Iterable<Trial>,
): readonly HistoryEntry[] {
  return [...trials]
    .flatMap((trial) => {
      const rung = trial.status?.phase === 'Paused' ? waitingRung(trial.status) : undefined;
      return (rung && waitingEntry(spec, trial, rung.step)) ?? [];
    })
    .sort((a, b) => a.index - b.index);
}

/**
 * A basis with those that were known to wait, by milestone: `0-3;1:4-6,8;4:7`. Of more than fit, the
 * newest are left out; the suggestion must then not see them either.
 *
 * @param results The basis of final results.
 */
export function withWaiting(
  results: string,
  waiting: Waiting,
  maxBytes: number = LIMITS.basisBytes,
): { readonly text: string; readonly known: Waiting } {
  const known = new Map<number, number>();
  let text = results;
  const milestones = [...new Set(waiting.values())].sort((a, b) => a - b);
  for (const milestone of milestones) {
    const numbers = [...waiting].filter(([, at]) => at === milestone).map(([number]) => number);
    numbers.sort((a, b) => a - b);
    const head = `;${milestone}:`;
    const basis = formatBasis(numbers, maxBytes - text.length - head.length);
    if (basis.count === 0) break;
    text += head + basis.text;
    for (const number of numbers.slice(0, basis.count)) known.set(number, milestone);
  }
  return { text, known };
}

/**
 * The parts of a recorded basis.
 *
 * @throws {RangeError} if the text is not what {@link withWaiting} writes.
 */
export function splitWaiting(text: string): {
  readonly results: string;
  readonly waiting: Waiting;
} {
  const [results = '', ...parts] = text.split(';');
  const waiting = new Map<number, number>();
  for (const part of parts) {
    const [milestone = '', ranges = ''] = part.split(':');
    for (const number of parseBasis(ranges)) waiting.set(number, Number(milestone));
  }
  if (withWaiting(results, waiting).text !== text) {
    throw new RangeError(`not a basis: ${text.slice(0, 80)}`);
  }
  return { results, waiting };
}
