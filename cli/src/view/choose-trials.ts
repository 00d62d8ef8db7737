import { durationMs, durationSchema, type Experiment, mainObjective } from '@espalier/api';
import { invalid } from '../failure.ts';
import { printable } from '../render/printable.ts';
import { byValue } from './ranking.ts';
import { type FieldValue, needField, type TrialField, trialFields } from './trial-fields.ts';
import type { TrialRow } from './trial-row.ts';

/** Which Trials are meant; all of the conditions must hold. */
export interface TrialChoice {
  /** Such as `lr<1e-3`, `schedule=cosine`, `time>=10m`. */
  readonly where?: readonly string[];
  /** Phases or reasons. */
  readonly state?: readonly string[];
  /** The best of those that have a value, such as `10` or `10%` of them. */
  readonly top?: string;
}

type Holds = (row: TrialRow) => boolean;

/** Those that are meant, in the given order. @throws {Failure} if a condition makes no sense. */
export function chooseTrials(
  experiment: Experiment,
  rows: readonly TrialRow[],
  { where = [], state, top }: TrialChoice,
): readonly TrialRow[] {
  const fields = trialFields(experiment);
  const conditions = where.map((text) => conditionOf(fields, text));
  if (state !== undefined) conditions.push((row) => isIn(state, row));
  const chosen = rows.filter((row) => conditions.every((holds) => holds(row)));
  return top === undefined ? chosen : best(experiment, chosen, top);
}

function isIn(states: readonly string[], { phase, state }: TrialRow): boolean {
  const asked = states.map((one) => one.toLowerCase());
  return asked.includes(phase.toLowerCase()) || asked.includes(state.toLowerCase());
}

const CONDITION = /^\s*([\w./-]+?)\s*(<=|>=|!=|==?|<|>)\s*(.*?)\s*$/s;

function conditionOf(fields: ReadonlyMap<string, TrialField>, text: string): Holds {
  const [, name, operator, wanted] = CONDITION.exec(text) ?? [];
  if (name === undefined || operator === undefined || wanted === undefined || wanted === '') {
    throw invalid(`"${printable(text)}" is no condition`, [
      "a name, one of = != < <= > >=, and a value, such as 'lr<1e-3' or schedule=cosine",
    ]);
  }
  const field = needField(fields, name);
  if (operator === '=' || operator === '==') return (row) => isSame(field.value(row), wanted);
  if (operator === '!=') return (row) => !isSame(field.value(row), wanted);
  const bound = numberOf(wanted);
  if (bound === undefined) {
    throw invalid(`${printable(wanted)} in ${printable(text)} is no number`, [
      'only numbers and times such as 10m have an order; texts are compared with = and !=',
      "several conditions are several words: --where 'lr<1e-3' schedule=cosine",
    ]);
  }
  return (row) => {
    const value = field.value(row);
    return typeof value === 'number' && compares(value, operator, bound);
  };
}

function compares(value: number, operator: string, bound: number): boolean {
  switch (operator) {
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
    case '>':
      return value > bound;
    default:
      return value >= bound;
  }
}

/** Numbers are equal however they are written; texts are equal without regard to their case. */
function isSame(value: FieldValue, wanted: string): boolean {
  if (value === undefined) return false;
  if (typeof value === 'number') return value === numberOf(wanted);
  return String(value).toLowerCase() === wanted.toLowerCase();
}

/** Times are seconds, and may be written as durations. */
function numberOf(text: string): number | undefined {
  const value = Number(text);
  if (!Number.isNaN(value)) return value;
  return durationSchema.safeParse(text).success ? durationMs(text) / 1000 : undefined;
}

function best({ spec }: Experiment, rows: readonly TrialRow[], top: string): readonly TrialRow[] {
  const valued = rows.filter(({ value }) => value !== undefined);
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(top) ?? [];
  const count = Number(number);
  const isPart = percent === '%';
  if (!(count > 0) || (isPart ? count > 100 : !Number.isInteger(count))) {
    const what = `--top "${printable(top)}"`;
    throw invalid(`${what} is neither a number such as 10 nor a part of all such as 10%`, [
      'a number is a whole one from 1 on; a part is above 0% and at most 100%',
    ]);
  }
  const kept = valued
    .toSorted(byValue(mainObjective(spec).goal))
    .slice(0, isPart ? Math.ceil((valued.length * count) / 100) : count);
  return rows.filter((row) => kept.includes(row));
}
