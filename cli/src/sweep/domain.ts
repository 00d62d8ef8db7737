import { LIMITS, nearestName } from '@espalier/api';
import { invalid } from '../failure.ts';
import { printable } from '../render/printable.ts';

/** The part of a parameter that says which values it may have, as a manifest holds it. */
export type WrittenDomain =
  | { readonly float: NumberDomain }
  | { readonly int: NumberDomain }
  | { readonly string: { readonly value: string } | { readonly values: readonly string[] } }
  | { readonly bool: { readonly value: boolean } | { readonly values: readonly boolean[] } };

type NumberDomain =
  | { readonly value: number }
  | { readonly values: readonly number[] }
  | {
      readonly min: number;
      readonly max: number;
      readonly step?: number;
      readonly scale?: 'log';
    };

/** What a flag says of a parameter: what to search, or the replicates of every configuration. */
export type FlagDomain =
  | { readonly kind: 'searched'; readonly domain: WrittenDomain }
  | { readonly kind: 'replicates'; readonly values: readonly number[] };

/** For help and errors. */
export const DOMAIN_FORMS = 'LO..HI[:log][:step=S], A,B,C or VALUE; whole numbers also :replicates';

const NUMBER = String.raw`[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?`;
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})$`);
const IS_NUMBER = new RegExp(`^${NUMBER}$`);
const IS_INT = /^[-+]?\d+$/;
const SUFFIXES = ['log', 'step', 'replicates'] as const;

/**
 * Reads `1e-5..1e-2:log`, `32,64,128`, `cosine` or `1..5:replicates`. The form of the numbers decides on
 * the type: `0..1` are whole numbers, `0.0..1` is not.
 *
 * @param flag As it was typed, for errors.
 * @throws Failure that names the flag.
 */
export function parseDomain(flag: string, text: string): FlagDomain {
  const { body, suffixes } = splitSuffixes(flag, text);
  const range = RANGE.exec(body);
  if (suffixes.has('replicates')) {
    if (suffixes.size > 1) throw bad(flag, text, ':replicates stands alone');
    return { kind: 'replicates', values: replicatesOf(flag, text, body, range) };
  }
  if (range !== null) return { kind: 'searched', domain: rangeDomain(flag, text, range, suffixes) };
  if (suffixes.size > 0) {
    throw bad(flag, text, `:${[...suffixes.keys()].join(', :')} needs a range, such as 0.1..0.9`);
  }
  return { kind: 'searched', domain: listDomain(flag, text, body) };
}

interface Split {
  readonly body: string;
  readonly suffixes: ReadonlyMap<string, string>;
}

/** A colon in a text that is no range belongs to the text, unless a known word follows it. */
function splitSuffixes(flag: string, text: string): Split {
  const [head = '', ...tail] = text.split(':');
  const suffixes = new Map<string, string>();
  const isNumeric = head.split(',').every((item) => IS_NUMBER.test(item) || RANGE.test(item));
  if (!isNumeric) return { body: text, suffixes };
  for (const word of tail) {
    const [name = '', value] = word.split('=', 2);
    const known = SUFFIXES.find((suffix) => suffix === name);
    if (known === undefined) {
      const near = nearestName(name, SUFFIXES);
      const meant = near === undefined ? '' : `; did you mean :${near}?`;
      throw bad(flag, text, `there is no :${printable(name)}${meant}`);
    }
    if (suffixes.has(known)) throw bad(flag, text, `:${known} stands twice`);
    if ((known === 'step') !== (value !== undefined)) {
      throw bad(flag, text, known === 'step' ? ':step needs a number' : `:${known} takes no value`);
    }
    suffixes.set(known, value ?? '');
  }
  return { body: head, suffixes };
}

function rangeDomain(
  flag: string,
  text: string,
  [, low = '', high = '']: RegExpExecArray,
  suffixes: ReadonlyMap<string, string>,
): WrittenDomain {
  const step = suffixes.get('step');
  if (step !== undefined && !IS_NUMBER.test(step)) throw bad(flag, text, ':step needs a number');
  const numbers = step === undefined ? [low, high] : [low, high, step];
  const bounds = {
    min: numberOf(low),
    max: numberOf(high),
    ...(step === undefined ? {} : { step: numberOf(step) }),
    ...(suffixes.has('log') ? { scale: 'log' as const } : {}),
  };
  if (bounds.min >= bounds.max) {
    throw bad(flag, text, 'the first bound must be below the second');
  }
  needFinite(flag, text, numbers);
  return numbers.every((word) => IS_INT.test(word)) ? { int: bounds } : { float: bounds };
}

function listDomain(flag: string, text: string, body: string): WrittenDomain {
  const items = body.split(',');
  if (items.includes('')) throw bad(flag, text, 'a value is missing');
  if (items.every((item) => IS_NUMBER.test(item))) {
    needFinite(flag, text, items);
    const domain = valueOrValues(items.map(numberOf));
    return items.every((item) => IS_INT.test(item)) ? { int: domain } : { float: domain };
  }
  if (items.every((item) => item === 'true' || item === 'false')) {
    return { bool: valueOrValues(items.map((item) => item === 'true')) };
  }
  const looksLikeRange = items.find((item) => /^[-+.\d]+\.\.|\.\.[-+.\d]+$/.test(item));
  if (looksLikeRange !== undefined) {
    throw bad(flag, text, `${printable(looksLikeRange)} is no range of two numbers`);
  }
  return { string: valueOrValues(items) };
}

function valueOrValues<T>(
  items: readonly T[],
): { readonly value: T } | { readonly values: readonly T[] } {
  const [first] = items;
  return items.length === 1 && first !== undefined ? { value: first } : { values: items };
}

function replicatesOf(
  flag: string,
  text: string,
  body: string,
  range: RegExpExecArray | null,
): readonly number[] {
  const words = range === null ? body.split(',') : range.slice(1);
  if (!words.every((word) => IS_INT.test(word))) {
    throw bad(flag, text, 'replicates are whole numbers');
  }
  needFinite(flag, text, words);
  const numbers = words.map(numberOf);
  if (range === null) return numbers;
  const [first = 0, last = 0] = numbers;
  const length = last - first + 1;
  if (length < 1) throw bad(flag, text, 'the first bound must not be above the second');
  if (length > LIMITS.replicates) {
    throw bad(flag, text, `there are at most ${LIMITS.replicates} replicates`);
  }
  return Array.from({ length }, (_, index) => first + index);
}

/** Without the negative zero, which YAML and JSON do not keep apart. */
function numberOf(word: string): number {
  return Number(word) + 0;
}

function needFinite(flag: string, text: string, words: readonly string[]): void {
  const large = words.find((word) => !isExact(word));
  if (large !== undefined) throw bad(flag, text, `the number ${printable(large)} is too large`);
}

function isExact(word: string): boolean {
  return IS_INT.test(word) ? Number.isSafeInteger(Number(word)) : Number.isFinite(Number(word));
}

function bad(flag: string, text: string, why: string): Error {
  return invalid(`${printable(flag)} ${printable(text)}: ${why}`, [`forms: ${DOMAIN_FORMS}`]);
}
