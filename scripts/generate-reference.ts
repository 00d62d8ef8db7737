import {
  ARTIFACT,
  ARTIFACT_TEXT,
  CONDITION_TEXT,
  customResourceDefinitions,
  EXIT_CODE,
  EXIT_CODE_TEXT,
  EXPERIMENT_REASON_TEXT,
  type StructuralSchema,
  TRAINER_ENV,
  TRAINER_ENV_TEXT,
  TRIAL_REASON_TEXT,
} from '@espalier/api';

/** The API reference: all fields of all kinds, and every word and number of the trainer contract. */
export function referenceFile(): [string, string] {
  const kinds = customResourceDefinitions().map((definition) => {
    const schema = definition.spec.versions[0]?.schema.openAPIV3Schema ?? {};
    return section(definition.spec.names.kind, schema.description ?? '', fieldTables(schema));
  });
  const text = [
    '# API reference: espalier.dev/v1alpha1',
    'Generated from `api/src` by `make generate`; edits are lost. A field without a default is',
    'optional unless it says required.',
    '',
    ...kinds,
    section('Conditions of an Experiment', '', wordTable('Type', CONDITION_TEXT)),
    section('Reasons of an Experiment', '', wordTable('Reason', EXPERIMENT_REASON_TEXT)),
    section('Reasons of a Trial and its attempts', '', wordTable('Reason', TRIAL_REASON_TEXT)),
    section('Exit codes of a trainer', 'Any other code is a program error.', exitCodes()),
    section('Environment of a trainer', '', environment()),
    section('Artifacts', ARTIFACT_INTRODUCTION, artifacts()),
  ];
  return ['docs/api/v1alpha1.md', `${text.join('\n').trimEnd()}\n`];
}

const ARTIFACT_INTRODUCTION =
  'Below `<namespace>/<experiment>-<uid>/`, those of an attempt in `trials/<index>-<trialUid>/a<attempt>/`.';

function section(title: string, introduction: string, body: string): string {
  return `## ${title}\n\n${introduction === '' ? '' : `${introduction}\n\n`}${body}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

function wordTable(head: string, words: Readonly<Record<string, string>>): string {
  return table(
    [head, 'Meaning'],
    Object.entries(words).map(([word, text]) => [code(word), text]),
  );
}

/** A table for each part of the object, then the rules that the API server enforces. */
function fieldTables(root: StructuralSchema): string {
  const rows: string[][] = [];
  const rules: string[][] = [];
  walk(root, '', false, (schema, path, isRequired) => {
    for (const rule of schema['x-kubernetes-validations'] ?? []) {
      rules.push([code(path === '' ? 'metadata, status' : path), rule.message, code(rule.rule)]);
    }
    if (path !== '') rows.push(fieldRow(schema, path, isRequired));
  });
  const fields = table(['Field', 'Type', 'Default', 'Bounds', 'Description'], rows);
  return rules.length === 0
    ? fields
    : `${fields}\n\nRules:\n\n${table(['Where', 'Rule', 'CEL'], rules)}`;
}

type Visit = (schema: StructuralSchema, path: string, isRequired: boolean) => void;

function walk(schema: StructuralSchema, path: string, isRequired: boolean, visit: Visit): void {
  visit(schema, path, isRequired);
  const items = schema.items;
  // A list of scalars is one row: its items are described by the type column.
  if (items?.properties !== undefined) walkFields(items, `${path}[]`, visit, items);
  walkFields(schema, path, visit);
}

function walkFields(
  schema: StructuralSchema,
  path: string,
  visit: Visit,
  item?: StructuralSchema,
): void {
  if (item !== undefined) visit(item, path, false);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    if (!['apiVersion', 'kind', 'metadata'].includes(at)) {
      walk(property, at, schema.required?.includes(name) ?? false, visit);
    }
  }
}

function fieldRow(schema: StructuralSchema, path: string, isRequired: boolean): string[] {
  const fallback = schema.default === undefined ? '' : code(JSON.stringify(schema.default));
  return [
    code(path),
    typeName(schema),
    isRequired ? 'required' : fallback,
    bounds(schema),
    schema.description ?? '',
  ];
}

function typeName(schema: StructuralSchema): string {
  if (schema['x-kubernetes-int-or-string']) return 'integer or string';
  if (schema.type === undefined) return 'number or string';
  if (schema.type === 'array') return `list of ${typeName(schema.items ?? {})}`;
  if (schema.additionalProperties) return `map of ${typeName(schema.additionalProperties)}`;
  return schema.type;
}

function bounds(schema: StructuralSchema): string {
  const said: string[] = [];
  if (schema.enum) said.push(schema.enum.map((value) => code(String(value))).join(', '));
  said.push(interval(schema));
  said.push(count(schema.minLength, schema.maxLength, 'characters'));
  said.push(count(schema.minItems, schema.maxItems, 'items'));
  said.push(count(undefined, schema.maxProperties, 'entries'));
  if (schema.pattern !== undefined) said.push(code(schema.pattern));
  return said.filter((text) => text !== '').join('; ');
}

/** Bounds of 2^53-1 are those of every integer, so they are not said. */
function interval({ minimum, maximum, exclusiveMinimum }: StructuralSchema): string {
  const low = minimum === -Number.MAX_SAFE_INTEGER ? undefined : minimum;
  const high = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (low === undefined) return high === undefined ? '' : `<= ${high}`;
  const least = exclusiveMinimum ? `> ${low}` : `>= ${low}`;
  return high === undefined ? least : `${low} to ${high}`;
}

function count(least: number | undefined, most: number | undefined, unit: string): string {
  if (most === undefined) return '';
  return least === undefined ? `at most ${most} ${unit}` : `${least} to ${most} ${unit}`;
}

function keysOf<T extends object>(record: T): (keyof T & string)[] {
  return Object.keys(record) as (keyof T & string)[];
}

export function exitCodes(): string {
  const rows = keysOf(EXIT_CODE).map((name) => [
    String(EXIT_CODE[name]),
    EXIT_CODE_TEXT[name].meaning,
    EXIT_CODE_TEXT[name].outcome,
  ]);
  return table(['Code', 'Meaning', 'Then'], rows);
}

export function environment(): string {
  const rows = keysOf(TRAINER_ENV).map((name) => [code(TRAINER_ENV[name]), TRAINER_ENV_TEXT[name]]);
  return table(['Variable', 'Holds'], rows);
}

export function artifacts(): string {
  const named = keysOf(ARTIFACT).map((name) => [code(ARTIFACT[name]), ARTIFACT_TEXT[name]]);
  const numbered = [
    [code('manifest-<step>.json'), 'Commits the checkpoint of that step: lists its files.'],
    [code('points-<seq>.jsonl'), 'A segment of the metrics log that begins with that point.'],
    [code('extra/<name>'), "The trainer's own files, at most 100."],
  ];
  return table(['Name', 'Holds'], [...named, ...numbered]);
}
