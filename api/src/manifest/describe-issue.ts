import { z } from 'zod';
import { nearestName } from '../nearest-name.ts';
import type { ManifestPath } from './problem.ts';
import { quoteText } from './quote-text.ts';
import type { PlaceOf } from './source.ts';

/** What a schema found, said for people. */
export interface Finding {
  readonly path: ManifestPath;
  readonly message: string;
  readonly suggestion?: string | undefined;
  readonly of: PlaceOf;
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** The findings for one issue of zod; an issue about several unknown fields gives one for each. */
export function describeIssue(
  issue: z.core.$ZodIssue,
  schema: z.core.$ZodType,
  root: unknown,
): Finding[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') {
    const fields = fieldsAt(schema, path);
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: 'unknown field',
      suggestion: nearestName(key, fields),
      of: 'key',
    }));
  }
  const found = valueAt(root, path);
  if (found === undefined) return [{ path, message: 'is required', of: 'value' }];
  return [{ path, of: 'value', ...sayIssue(issue, found) }];
}

function sayIssue(
  issue: z.core.$ZodIssue,
  found: unknown,
): { message: string; suggestion?: string | undefined } {
  switch (issue.code) {
    case 'invalid_type':
      return { message: expectedFound(issue.expected, found) };
    case 'invalid_value': {
      const valid = issue.values.map(String);
      const message = `must be ${listed(valid)}, found ${describeValue(found)}`;
      return { message, suggestion: nearestName(String(found), valid) };
    }
    case 'invalid_union':
      return {
        message: `must be a whole number or a text, found ${describeValue(found)}${quoteHint(found)}`,
      };
    case 'too_small':
      return { message: `must ${bound(issue.origin, 'least', issue.minimum, issue, found)}` };
    case 'too_big':
      return { message: `must ${bound(issue.origin, 'most', issue.maximum, issue, found)}` };
    case 'invalid_format':
      return { message: `${issue.message}, found ${describeValue(found)}` };
    default:
      return { message: issue.message };
  }
}

function expectedFound(expected: string, found: unknown): string {
  const isText = typeof found === 'string';
  const wantsNumber = expected === 'number' || expected === 'int';
  const isQuotedNumber =
    isText && wantsNumber && found.trim() !== '' && Number.isFinite(Number(found));
  const hint = isQuotedNumber
    ? '; remove the quotes'
    : expected === 'string'
      ? quoteHint(found)
      : '';
  return `must be ${EXPECTED[expected] ?? expected}, found ${describeValue(found)}${hint}`;
}

function quoteHint(found: unknown): string {
  return typeof found === 'number' || typeof found === 'boolean' ? '; put it in quotes' : '';
}

function bound(
  origin: string,
  side: 'least' | 'most',
  limit: number | bigint,
  issue: { inclusive?: boolean },
  found: unknown,
): string {
  if (origin === 'string') {
    if (side === 'least' && limit === 1) return 'not be empty';
    const length = typeof found === 'string' ? found.length : 0;
    return `have at ${side} ${limit} characters, has ${length}`;
  }
  if (origin === 'array') {
    const length = Array.isArray(found) ? found.length : 0;
    return `have at ${side} ${limit} ${limit === 1 ? 'item' : 'items'}, has ${length}`;
  }
  if (Math.abs(Number(limit)) === Number.MAX_SAFE_INTEGER) {
    return `be a whole number within 2^53-1, found ${describeValue(found)}`;
  }
  const relation =
    issue.inclusive === false ? (side === 'least' ? 'more than' : 'less than') : `at ${side}`;
  return `be ${relation} ${limit}, found ${describeValue(found)}`;
}

/** What was found, in words: `the text "fast"`, `3`, `a list`. */
export function describeValue(value: unknown): string {
  if (value === null) return 'nothing';
  if (typeof value === 'string') return `the text ${quoteText(value)}`;
  if (typeof value === 'number') return `the number ${numberText(value)}`;
  if (typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : 'a mapping';
}

/** Without rounding: a number beyond 2^53 prints with zeros that are not in it. */
function numberText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? String(BigInt(value)) : String(value);
}

function listed(values: readonly string[]): string {
  if (values.length < 2) return values.join('');
  return `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

function valueAt(root: unknown, path: ManifestPath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

/** The names of the fields that an object schema below `schema` knows. */
function fieldsAt(schema: z.core.$ZodType, path: ManifestPath): string[] {
  let at: z.core.$ZodType | undefined = bare(schema);
  for (const part of path) {
    if (at instanceof z.ZodObject) at = bare(at.shape[part]);
    else if (at instanceof z.ZodArray) at = bare(at.element);
    else return [];
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function bare(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let inner = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault
  ) {
    inner = inner.unwrap();
  }
  return inner;
}
