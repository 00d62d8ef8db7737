import { LIMITS } from '@espalier/api';
import { formatBasis, parseBasis } from './basis.ts';

/** What was known of a race when a Trial of it was created: all of it that a decision may use. */
export interface RaceKnown {
  /** For each rung, the configurations that had completed it, ascending. */
  readonly rungs: readonly (readonly number[])[];
  /** Configurations of which a replicate failed or diverged, ascending. */
  readonly faults: readonly number[];
}

/**
 * What is known as a text and as whoever reads the text will know it: faults, then rungs, `5!0-11,13/0,3`.
 * What does not fit is left out, the newest first, and then counts as not known yet.
 */
export function formatRaceBasis(
  { rungs, faults }: RaceKnown,
  maxBytes: number = LIMITS.basisBytes,
): { readonly text: string; readonly known: RaceKnown } {
  const gone = formatBasis(faults, maxBytes - rungs.length);
  let text = `${gone.text}!`;
  const kept: (readonly number[])[] = [];
  for (const [rung, numbers] of rungs.entries()) {
    const below = rung === 0 ? undefined : new Set(kept[rung - 1]);
    const may = below === undefined ? numbers : numbers.filter((number) => below.has(number));
    if (rung > 0) text += '/';
    const left = maxBytes - text.length - (rungs.length - 1 - rung);
    const basis = formatBasis(may, Math.max(0, left));
    text += basis.text;
    kept.push(may.slice(0, basis.count));
  }
  return { text, known: { rungs: kept, faults: faults.slice(0, gone.count) } };
}

/**
 * What a recorded basis says.
 *
 * @param rungs How many the race has.
 * @throws {RangeError} if the text is not what {@link formatRaceBasis} writes.
 */
export function parseRaceBasis(text: string, rungs: number): RaceKnown {
  const [faults = '', lists, ...more] = text.split('!');
  const parts = lists?.split('/') ?? [];
  if (more.length > 0 || parts.length !== rungs) {
    throw new RangeError(`not a basis of a race: ${text.slice(0, 80)}`);
  }
  const known = { faults: parseBasis(faults), rungs: parts.map(parseBasis) };
  if (formatRaceBasis(known).text !== text) {
    throw new RangeError(`not a basis of a race: ${text.slice(0, 80)}`);
  }
  return known;
}
