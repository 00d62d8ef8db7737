import {
  type Document,
  isMap,
  isScalar,
  type Pair,
  parse,
  parseDocument,
  type YAMLMap,
} from 'yaml';

/** A JSON schema, as far as this file needs to know it. */
type Schema = Readonly<Record<string, unknown>>;

/** One value of the chart: what its comment says, and its default. */
interface Value {
  /** `nats.bundled.storage.size` */
  readonly path: string;
  readonly key: string;
  readonly description: string;
  /** What the lines that begin with @ add. */
  readonly schema: Schema;
  readonly value: unknown;
  /** Of a group. */
  readonly children?: readonly Value[];
}

/** Names that descriptions may use with `$ref`. */
const DEFINITIONS = {
  duration: { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$' },
  quantity: { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$' },
  bytes: { type: 'string', pattern: '^[1-9][0-9]*(Ki|Mi|Gi|Ti)?$' },
  texts: { type: 'object', additionalProperties: { type: 'string' } },
  resources: {
    type: 'object',
    additionalProperties: false,
    properties: {
      requests: { type: 'object', additionalProperties: { type: ['string', 'number'] } },
      limits: { type: 'object', additionalProperties: { type: ['string', 'number'] } },
    },
  },
} as const;

/**
 * The values of a values.yaml with their comments.
 *
 * @throws {Error} naming a value that nothing describes.
 */
export function readValues(text: string): readonly Value[] {
  const document: Document = parseDocument(text);
  if (!isMap(document.contents)) throw new Error('values.yaml is no mapping');
  return membersOf(document.contents, '');
}

/** The strict schema of the values: what is not described is refused. */
export function valuesSchema(values: readonly Value[]): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart espalier',
    ...objectSchema(values),
    $defs: DEFINITIONS,
  };
}

/** The values as a table of Markdown. */
export function valuesTable(values: readonly Value[]): string {
  const rows = leavesOf(values).map(({ path, value, description }) => {
    const text = JSON.stringify(value);
    return `| \`${path}\` | \`${text}\` | ${description.replaceAll('|', '\\|')} |`;
  });
  return ['', '| value | default | meaning |', '|---|---|---|', ...rows, ''].join('\n');
}

function membersOf(map: YAMLMap, prefix: string): Value[] {
  return map.items.map((pair, at) => {
    // The parser gives the comment above the first key of a map to the map.
    const comment = (at === 0 ? map.commentBefore : undefined) ?? commentOf(pair);
    return readPair(pair, comment ?? '', prefix);
  });
}

function commentOf({ key }: Pair): string | undefined {
  return isScalar(key) ? (key.commentBefore ?? undefined) : undefined;
}

function readPair(pair: Pair, comment: string, prefix: string): Value {
  const key = String(pair.key);
  const path = prefix === '' ? key : `${prefix}.${key}`;
  // Only the last paragraph: those before it speak of the file.
  const lines = (comment.split(/\n\s*\n/).at(-1) ?? '').split('\n').map((line) => line.trim());
  const schema: Record<string, unknown> = {};
  for (const line of lines.filter((line) => line.startsWith('@'))) {
    Object.assign(schema, parse(line.slice(1)));
  }
  const description = lines
    .filter((line) => !line.startsWith('@'))
    .join(' ')
    .trim();
  const { value } = pair;
  const plain: unknown = (value as { toJSON(): unknown } | null)?.toJSON() ?? null;
  const base = { path, key, description, schema, value: plain };
  const isGroup = isMap(value) && value.items.length > 0 && Object.keys(schema).length === 0;
  if (isGroup) return { ...base, children: membersOf(value, path) };
  if (description === '') throw new Error(`values.yaml: nothing describes ${path}`);
  return base;
}

function objectSchema(values: readonly Value[]): Schema {
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries([
      ...values.map((value) => [value.key, schemaOf(value)] as const),
    ]),
  };
}

function schemaOf({ description, schema, value, children }: Value): Schema {
  const text = description === '' ? {} : { description };
  if (children !== undefined) return { ...text, ...objectSchema(children) };
  // Draft 7 ignores what stands beside $ref.
  if (schema['$ref'] !== undefined) return { ...text, allOf: [schema], default: value };
  return { ...text, type: typeOf(value), default: value, ...schema };
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (Number.isInteger(value)) return 'integer';
  return typeof value;
}

function leavesOf(values: readonly Value[]): Value[] {
  return values.flatMap((value) =>
    value.children === undefined ? [value] : leavesOf(value.children),
  );
}
