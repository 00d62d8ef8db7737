import type { StructuralSchema } from './structural.ts';

/** Keywords that an API server takes in a structural schema, as far as ours have any use for them. */
const ALLOWED = new Set([
  'type',
  'format',
  'description',
  'default',
  'nullable',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minItems',
  'maxItems',
  'maxProperties',
  'items',
  'properties',
  'required',
  'additionalProperties',
  'anyOf',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
]);

/** Our fields only: the root's other ones are the API server's own. */
const ROOT = new Set(['.apiVersion', '.kind', '.metadata']);

/** What an API server, or its CEL cost estimate, would not take of a schema: `path: problem`. */
export function lintStructural(schema: StructuralSchema, path = ''): string[] {
  const say = (message: string): string => `${path || '.'}: ${message}`;
  const problems = Object.keys(schema)
    .filter((keyword) => !ALLOWED.has(keyword))
    .map((keyword) => say(`keyword ${keyword} is not allowed`));
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true;
  if (schema.type === undefined && !isOpen && !isIntOrString) problems.push(say('has no type'));
  if (schema.type !== undefined && isIntOrString) problems.push(say('int-or-string has no type'));
  if (schema.anyOf !== undefined && !isIntOrString) problems.push(say('anyOf is not allowed'));
  if (schema.properties && schema.additionalProperties) {
    problems.push(say('properties and additionalProperties exclude each other'));
  }
  for (const keyword of ['exclusiveMinimum', 'exclusiveMaximum'] as const) {
    if (typeof (schema[keyword] as unknown) === 'number')
      problems.push(say(`${keyword} must be true or false`));
  }
  problems.push(...lintBounds(schema).map(say), ...lintListMap(schema).map(say));
  for (const name of schema.required ?? []) {
    if (schema.properties?.[name] === undefined) problems.push(say(`requires unknown ${name}`));
    else if (schema.properties[name]?.default !== undefined) {
      problems.push(say(`requires ${name}, which has a default`));
    }
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = `${path}.${name}`;
    if (!ROOT.has(at)) problems.push(...lintStructural(property, at));
  }
  if (schema.items) problems.push(...lintStructural(schema.items, `${path}[]`));
  if (schema.additionalProperties) {
    problems.push(...lintStructural(schema.additionalProperties, `${path}{}`));
  }
  return problems;
}

function lintBounds(schema: StructuralSchema): string[] {
  const isBounded = schema.maxLength !== undefined || schema.enum !== undefined;
  if (schema.type === 'string' && !isBounded) return ['a text without maxLength'];
  if (schema.type === 'array' && schema.maxItems === undefined) return ['a list without maxItems'];
  if (schema.type === 'array' && !schema.items) return ['a list without items'];
  if (schema.additionalProperties && schema.maxProperties === undefined) {
    return ['a map without maxProperties'];
  }
  if (schema.type === 'integer' && schema.format !== 'int64')
    return ['an integer that is not int64'];
  return [];
}

function lintListMap(schema: StructuralSchema): string[] {
  if (schema['x-kubernetes-list-type'] !== 'map') return [];
  const keys = schema['x-kubernetes-list-map-keys'];
  if (keys === undefined || keys.length === 0) return ['a list-map without keys'];
  return keys
    .filter((key) => !schema.items?.required?.includes(key))
    .map((key) => `the key ${key} of the list-map must be required`);
}
