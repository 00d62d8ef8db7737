import type { ExperimentSpec, Trial } from '@espalier/api';
import { dominates, type Goal, type Losses, lossesOf } from '@espalier/search';
import { isSame } from '../same.ts';
import type { ConfigurationState } from './configuration.ts';
import { areBetter, goalsOf } from './goals.ts';
import { compareMeasured, type Measured } from './measured.ts';

/** A configuration that may be the best: it ended, with every objective, and misses no constraint. */
export interface BestConfiguration extends Measured {
  readonly number: number;
  readonly value: number;
  /** All objectives, where there are several. */
  readonly values?: readonly number[];
  /** Its best replicate. */
  readonly trial: Trial;
  /** What `value` is the mean of. */
  readonly counted: readonly number[];
  readonly replicates: number;
  readonly confirmed: boolean;
}

/**
 * The best configuration, and with several objectives the Pareto front: those that no other one beats.
 * A fold over the states of configurations, whatever their order.
 */
export class Leaders {
  private readonly goals: readonly Goal[];
  private readonly known = new Map<number, BestConfiguration>();
  private readonly losses = new Map<number, Losses>();
  private readonly front = new Set<number>();
  private ahead: BestConfiguration | undefined;

  constructor(spec: ExperimentSpec) {
    this.goals = goalsOf(spec);
  }

  /** The best of all; ties to the lower number. */
  get best(): BestConfiguration | undefined {
    return this.ahead;
  }

  /** The best in the first objective first; ties to the lower number. */
  get pareto(): readonly BestConfiguration[] {
    const members = [...this.front].map((number) => this.known.get(number) as BestConfiguration);
    return members.sort((a, b) => (this.leads(a, b) ? -1 : 1));
  }

  /** That configuration if it is one of {@link pareto}. */
  inFront(number: number): BestConfiguration | undefined {
    return this.front.has(number) ? this.known.get(number) : undefined;
  }

  set(number: number, state: ConfigurationState | undefined): void {
    const next = state && candidate(number, state, this.goals.length);
    const before = this.known.get(number);
    if (before !== undefined && next !== undefined && standsAsBefore(before, next)) {
      // Only its Trials changed, as when a checkpoint was dropped: it stands where it stood.
      this.known.set(number, next);
      if (this.ahead?.number === number) this.ahead = next;
      return;
    }
    if (before !== undefined) this.remove(number);
    if (next !== undefined) this.add(next);
    if (before !== undefined && this.ahead?.number === number) {
      this.ahead = undefined;
      for (const known of this.known.values()) this.challenge(known);
    } else if (next !== undefined) {
      this.challenge(next);
    }
  }

  private challenge(next: BestConfiguration): void {
    if (this.ahead === undefined || this.leads(next, this.ahead)) this.ahead = next;
  }

  private leads(a: BestConfiguration, b: BestConfiguration): boolean {
    const measured = compareMeasured(a, b);
    if (measured !== 0) return measured > 0;
    const [one, other] = [valuesOf(a), valuesOf(b)];
    if (areBetter(this.goals, one, other)) return true;
    return a.number < b.number && !areBetter(this.goals, other, one);
  }

  private add(next: BestConfiguration): void {
    const { number, values } = next;
    this.known.set(number, next);
    if (values === undefined) return;
    const own = lossesOf(this.goals, values);
    this.losses.set(number, own);
    this.enter(number, own);
  }

  private enter(number: number, own: Losses): void {
    for (const other of this.front) {
      if (dominates(this.losses.get(other) as Losses, own)) return;
    }
    for (const other of this.front) {
      if (dominates(own, this.losses.get(other) as Losses)) this.front.delete(other);
    }
    this.front.add(number);
  }

  private remove(number: number): void {
    this.known.delete(number);
    this.losses.delete(number);
    if (!this.front.delete(number)) return;
    // Whom it kept out may come in now.
    this.front.clear();
    for (const [other, losses] of this.losses) this.enter(other, losses);
  }
}

function standsAsBefore(before: BestConfiguration, next: BestConfiguration): boolean {
  return compareMeasured(before, next) === 0 && isSame(valuesOf(before), valuesOf(next));
}

function valuesOf({ value, values = [value] }: BestConfiguration): readonly number[] {
  return values;
}

function candidate(
  number: number,
  { value, values, violation, bestTrial, counted, isConfirmed }: ConfigurationState,
  objectives: number,
): BestConfiguration | undefined {
  if (value === undefined || bestTrial === undefined || violation > 0) return undefined;
  const measure = { counted, replicates: counted.length, confirmed: isConfirmed };
  const best = { number, value, trial: bestTrial, ...measure };
  if (objectives === 1) return best;
  return values && { ...best, values };
}
