import type { ExperimentSpec } from '@espalier/api';
import { type Goal, nextRacer, type RaceRule, raceRungs, rankRacers } from '@espalier/search';
import type { RaceKnown } from './race-basis.ts';

/** A race over replicates, as the spec asks for it. */
export interface Race {
  readonly rule: RaceRule;
  /** Replicates of a configuration at each rung. */
  readonly sizes: readonly number[];
  /** Configurations that are confirmed at the end, and replicates held back for that. */
  readonly confirm: { readonly top: number; readonly count: number };
}

/** The race of an Experiment; undefined = all configurations get all replicates. */
export function raceOf({ replicates }: ExperimentSpec): Race | undefined {
  if (replicates?.racing === undefined) return undefined;
  const { algorithm, eta, confirm } = replicates.racing;
  const rule = { algorithm, eta, replicates: replicates.values.length };
  const count = confirm?.values.length ?? 0;
  return { rule, sizes: raceRungs(rule), confirm: { top: confirm?.top ?? 0, count } };
}

/** Replicates of one configuration that exist, whatever became of them. */
export interface Begun {
  /** Those of the race. */
  readonly race: number;
  /** Those that were held back. */
  readonly confirm: number;
}

/** All that decides which Trial of a race comes next. */
export interface RaceField {
  /** By configuration number; none of one that was deleted by hand. */
  readonly begun: readonly (Begun | undefined)[];
  readonly known: RaceKnown;
  /** Values of a configuration's replicates in their order, at least those of the rungs it is known at. */
  readonly valuesOf: (configuration: number) => readonly number[];
  /** Whether another configuration may be begun. */
  readonly canBegin: boolean;
}

/** The next Trial of a race. */
export interface RaceTurn {
  readonly configuration: number;
  /** From the number of `replicates.values` on they are those held back. */
  readonly replicate: number;
}

/**
 * Which Trial comes next: the rest of a rung that a configuration was let on to, somebody who may go on,
 * a new configuration; at the end the leaders once more on what was held back. The same field always
 * gives the same answer; undefined = nothing, before more results are known.
 */
export function raceTurn(race: Race, goal: Goal, field: RaceField): RaceTurn | undefined {
  const { rule, sizes, confirm } = race;
  const { begun, known, canBegin } = field;
  const faults = new Set(known.faults);
  for (const [configuration, own] of begun.entries()) {
    if (own === undefined || faults.has(configuration) || sizes.includes(own.race)) continue;
    return { configuration, replicate: own.race };
  }
  const racers = known.rungs.map((numbers, rung) => {
    const size = sizes[rung] as number;
    return numbers.map((index) => ({
      index,
      values: field.valuesOf(index).slice(0, size),
      waits: begun[index]?.race === size && !faults.has(index),
    }));
  });
  const goOn = (isEnd: boolean) => {
    const next = nextRacer(rule, goal, racers, isEnd);
    return next && { configuration: next.index, replicate: sizes[next.rung] as number };
  };
  const next = goOn(false);
  if (next !== undefined) return next;
  if (canBegin) return { configuration: begun.length, replicate: 0 };
  const reached = known.rungs.map((numbers) => new Set(numbers));
  const isQuiet = begun.every((own, number) => {
    if (own === undefined || faults.has(number)) return true;
    return reached[sizes.indexOf(own.race)]?.has(number) === true;
  });
  if (!isQuiet) return undefined;
  const last = goOn(true);
  if (last !== undefined) return last;
  // Whoever has more replicates comes first, then whoever is better on them.
  const seen = new Set(faults);
  const leaders = racers.toReversed().flatMap((rung) => {
    const ranked = rankRacers(goal, rung).filter(({ index }) => !seen.has(index));
    for (const { index } of ranked) seen.add(index);
    return ranked.map(({ index }) => index);
  });
  const unconfirmed = leaders.slice(0, confirm.top).find((index) => {
    return (begun[index]?.confirm ?? 0) < confirm.count;
  });
  if (unconfirmed === undefined) return undefined;
  const replicate = rule.replicates + (begun[unconfirmed]?.confirm ?? 0);
  return { configuration: unconfirmed, replicate };
}

/** Adds a Trial to what has begun. */
export function begin(before: Begun | undefined, { rule }: Race, replicate: number): Begun {
  const { race = 0, confirm = 0 } = before ?? {};
  const { replicates } = rule;
  return replicate < replicates
    ? { race: Math.max(race, replicate + 1), confirm }
    : { race, confirm: Math.max(confirm, replicate - replicates + 1) };
}
