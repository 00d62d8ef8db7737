import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { customResourceDefinitions } from './definitions.ts';
import { experimentJsonSchema } from './editor-schema.ts';
import { type StructuralSchema, structuralSchema } from './structural.ts';
import { lintStructural } from './structural-lint.ts';

const definitions = customResourceDefinitions().map((definition) => {
  const [version] = definition.spec.versions;
  assert.ok(version);
  return { kind: definition.spec.names.kind, definition, version };
});

/** The fields whose description does not begin with their name. */
function undescribed(schema: StructuralSchema, path = ''): string[] {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = `${path}.${name}`;
    if (at === '.metadata') return [];
    const isDescribed =
      field.description?.startsWith(`${name} `) && field.description.endsWith('.');
    return [...(isDescribed ? [] : [at]), ...undescribed(field, at)];
  });
  return [...fields, ...(schema.items ? undescribed(schema.items, `${path}[]`) : [])];
}

for (const { kind, definition, version } of definitions) {
  const schema = version.schema.openAPIV3Schema;
  test(`the schema of ${kind} is structural, and every text, list and map is bounded`, () => {
    assert.deepEqual(lintStructural(schema), []);
  });
  test(`every field of ${kind} has a description that begins with its name`, () => {
    assert.deepEqual(undescribed(schema), []);
    assert.ok(schema.description);
  });
  test(`${kind} is found by name and category, and its columns and selectors name fields`, () => {
    assert.equal(definition.metadata.name, `${definition.spec.names.plural}.espalier.dev`);
    assert.deepEqual(definition.spec.names.categories, ['espalier']);
    const paths = [
      ...version.additionalPrinterColumns.map(({ jsonPath }) => jsonPath),
      ...(version.selectableFields ?? []).map(({ jsonPath }) => jsonPath),
    ];
    for (const path of paths.filter((column) => !column.startsWith('.metadata.'))) {
      let field: StructuralSchema | undefined = schema;
      for (const name of path.slice(1).split('.')) field = field?.properties?.[name];
      assert.ok(field, path);
    }
    // Left to the server, `metadata` takes no schema but for the name.
    assert.deepEqual(schema.properties?.['metadata'], { type: 'object' });
  });
}

test('an Experiment has the columns, the short name, status and scale that people expect', () => {
  const found = definitions.find(({ kind }) => kind === 'Experiment');
  const wide = found?.version.additionalPrinterColumns.filter(({ priority }) => priority !== 1);
  assert.deepEqual(
    wide?.map(({ name }) => name),
    ['Phase', 'Progress', 'Running', 'Best', 'Objective', 'Age'],
  );
  assert.deepEqual(found?.definition.spec.names.shortNames, ['exp']);
  assert.deepEqual(found.version.subresources, {
    status: {},
    scale: {
      specReplicasPath: '.spec.trials.parallel',
      statusReplicasPath: '.status.trials.running',
    },
  });
});

test('conditions are a list-map by type', () => {
  const found = definitions.find(({ kind }) => kind === 'Experiment');
  const { status } = found?.version.schema.openAPIV3Schema.properties ?? {};
  const { conditions } = status?.properties ?? {};
  assert.equal(conditions?.['x-kubernetes-list-type'], 'map');
  assert.deepEqual(conditions['x-kubernetes-list-map-keys'], ['type']);
});

const pitfalls: Record<string, { schema: z.ZodType; want: StructuralSchema }> = {
  'a strict object drops additionalProperties: false': {
    schema: z.strictObject({ a: z.boolean() }),
    want: { type: 'object', required: ['a'], properties: { a: { type: 'boolean' } } },
  },
  'a loose object keeps its properties only': {
    schema: z.looseObject({ a: z.boolean() }),
    want: { type: 'object', required: ['a'], properties: { a: { type: 'boolean' } } },
  },
  'a map keeps the schema of its values': {
    schema: z.record(z.string(), z.boolean()),
    want: { type: 'object', additionalProperties: { type: 'boolean' } },
  },
  'a date keeps its format and loses its pattern': {
    schema: z.iso.datetime(),
    want: { type: 'string', format: 'date-time' },
  },
  'a default is kept and the field is not required': {
    schema: z.object({ a: z.boolean().default(true) }),
    want: { type: 'object', properties: { a: { type: 'boolean', default: true } } },
  },
  'a whole number becomes int64': {
    schema: z.int().min(0).max(9),
    want: { type: 'integer', format: 'int64', minimum: 0, maximum: 9 },
  },
  'an exclusive bound is a flag beside the bound': {
    schema: z.number().gt(0),
    want: { type: 'number', minimum: 0, exclusiveMinimum: true },
  },
  'a literal becomes an enum': {
    schema: z.literal('a'),
    want: { type: 'string', enum: ['a'] },
  },
  'a marked union becomes int-or-string': {
    schema: z.union([z.int(), z.string()]).meta({ 'x-kubernetes-int-or-string': true }),
    want: {
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
    },
  },
  'an open union keeps no branches': {
    schema: z
      .union([z.number(), z.literal('NaN')])
      .meta({ 'x-kubernetes-preserve-unknown-fields': true }),
    want: { 'x-kubernetes-preserve-unknown-fields': true },
  },
};
for (const [name, tc] of Object.entries(pitfalls)) {
  test(`structural: ${name}`, () => assert.deepEqual(structuralSchema(tc.schema), tc.want));
}

const text = { type: 'string', maxLength: 9 };
const refused: Record<string, { schema: object; want: string }> = {
  'a keyword of JSON schema': {
    schema: { ...text, $ref: '#' },
    want: '.: keyword $ref is not allowed',
  },
  const: { schema: { ...text, const: 1 }, want: '.: keyword const is not allowed' },
  oneOf: {
    schema: { type: 'object', properties: {}, oneOf: [] },
    want: '.: keyword oneOf is not allowed',
  },
  'a union': { schema: { ...text, anyOf: [] }, want: '.: anyOf is not allowed' },
  'no type': { schema: {}, want: '.: has no type' },
  'a type beside int-or-string': {
    schema: { ...text, 'x-kubernetes-int-or-string': true },
    want: '.: int-or-string has no type',
  },
  'two kinds of properties': {
    schema: { type: 'object', properties: {}, additionalProperties: text, maxProperties: 1 },
    want: '.: properties and additionalProperties exclude each other',
  },
  'a bound of JSON schema': {
    schema: { type: 'number', exclusiveMinimum: 0 },
    want: '.: exclusiveMinimum must be true or false',
  },
  'a text without end': {
    schema: { type: 'object', properties: { a: { type: 'string' } } },
    want: '.a: a text without maxLength',
  },
  'a list without end': {
    schema: { type: 'array', items: text },
    want: '.: a list without maxItems',
  },
  'a list of anything': {
    schema: { type: 'array', maxItems: 1 },
    want: '.: a list without items',
  },
  'a map without end': {
    schema: { type: 'object', additionalProperties: text },
    want: '.: a map without maxProperties',
  },
  'an integer of unknown size': {
    schema: { type: 'array', maxItems: 1, items: { type: 'integer' } },
    want: '[]: an integer that is not int64',
  },
  'a required field that is unknown': {
    schema: { type: 'object', required: ['a'] },
    want: '.: requires unknown a',
  },
  'a required field with a default': {
    schema: { type: 'object', required: ['a'], properties: { a: { ...text, default: '' } } },
    want: '.: requires a, which has a default',
  },
  'a list-map whose key is optional': {
    schema: {
      type: 'array',
      maxItems: 1,
      items: { type: 'object', properties: { a: text } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['a'],
    },
    want: '.: the key a of the list-map must be required',
  },
  'a list-map without keys': {
    schema: { type: 'array', maxItems: 1, items: text, 'x-kubernetes-list-type': 'map' },
    want: '.: a list-map without keys',
  },
};
for (const [name, tc] of Object.entries(refused)) {
  test(`the lint refuses: ${name}`, () => {
    assert.deepEqual(lintStructural(tc.schema as StructuralSchema), [tc.want]);
  });
}

test('the editor schema knows the fields, refuses others, and holds nothing of Kubernetes', () => {
  const schema = experimentJsonSchema();
  const json = JSON.stringify(schema);
  assert.doesNotMatch(json, /x-kubernetes/);
  assert.match(json, /"\$schema":"http:\/\/json-schema.org\/draft-07\/schema#"/);
  assert.equal(Reflect.get(schema, 'additionalProperties'), false);
  assert.match(json, /maxFailed is how many configurations/);
});
