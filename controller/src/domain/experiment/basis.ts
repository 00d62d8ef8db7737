import { LIMITS } from '@espalier/api';

/** Configuration numbers as recorded, and those that the text holds. */
export interface Basis {
  /** Ranges such as `0-11,13`; empty = none. */
  readonly text: string;
  /** How many of the numbers the text holds, from the lowest. */
  readonly count: number;
}

/**
 * Ascending configuration numbers as ranges; of more than fit the limit, the newest are left out. The
 * suggestion must then not see those either, or it could not be recomputed.
 */
export function formatBasis(
  numbers: readonly number[],
  maxBytes: number = LIMITS.basisBytes,
): Basis {
  let text = '';
  let count = 0;
  for (let at = 0; at < numbers.length; ) {
    const first = numbers[at] as number;
    let end = at + 1;
    while (end < numbers.length && numbers[end] === first + (end - at)) end += 1;
    const last = numbers[end - 1] as number;
    const comma = text === '' ? '' : ',';
    const range = `${comma}${first}${last === first ? '' : `-${last}`}`;
    if (text.length + range.length > maxBytes) {
      // The range's first number may still fit.
      if (text.length + `${comma}${first}`.length > maxBytes) break;
      return { text: `${text}${comma}${first}`, count: count + 1 };
    }
    text += range;
    count = end;
    at = end;
  }
  return { text, count };
}

/**
 * The numbers of a recorded basis, ascending.
 *
 * @throws {RangeError} if the text is not what {@link formatBasis} writes.
 */
export function parseBasis(text: string): readonly number[] {
  if (text === '') return [];
  const numbers: number[] = [];
  for (const range of text.split(',')) {
    const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(range);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || last < first || first <= (numbers.at(-1) ?? -1)) {
      throw new RangeError(`not a basis: ${text.slice(0, 80)}`);
    }
    for (let number = first; number <= last; number++) numbers.push(number);
  }
  return numbers;
}
