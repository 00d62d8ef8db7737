import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customResourceDefinitions } from '../../crd/definitions.ts';
import type { StructuralSchema } from '../../crd/structural.ts';
import { GOAL_RULES } from './goal-rules.ts';
import * as goalStatements from './goal-statements.ts';
import { PARAMETER_RULES } from './parameter-rules.ts';
import * as parameterStatements from './parameter-statements.ts';
import { SPEC_RULES } from './spec-rules.ts';
import * as specStatements from './spec-statements.ts';
import type { Statement } from './statement.ts';
import * as transitionStatements from './transition-statements.ts';
import { UPDATE_RULES } from './update-rules.ts';

interface Twin {
  readonly kind: string;
  readonly at: string;
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
  readonly schema: StructuralSchema;
}

function collect(kind: string, schema: StructuralSchema, at = ''): Twin[] {
  const children: [string, StructuralSchema][] = Object.entries(schema.properties ?? {});
  if (schema.items) children.push(['[]', schema.items]);
  return [
    ...(schema['x-kubernetes-validations'] ?? []).map((rule) => ({ kind, at, schema, ...rule })),
    ...children.flatMap(([name, child]) => collect(kind, child, `${at}.${name}`)),
  ];
}

const twins = customResourceDefinitions().flatMap(({ spec }) =>
  collect(spec.names.kind, spec.versions[0]?.schema.openAPIV3Schema ?? {}),
);
const rules = [...PARAMETER_RULES, ...SPEC_RULES, ...GOAL_RULES, ...UPDATE_RULES];
const statements: readonly Statement[] = [
  parameterStatements,
  specStatements,
  goalStatements,
  transitionStatements,
].flatMap((module) => Object.values(module).filter((value) => typeof value === 'object'));

/** The duration rule stands on each duration, the bounds rule on each parameter, and so on. */
function twinsOf(statement: Statement): Twin[] {
  return twins.filter(({ rule }) => rule === statement.cel);
}

for (const { name, statement } of rules) {
  if (statement.cel === undefined) continue;
  test(`the API server says the same sentence as the rule ${name}`, () => {
    const found = twinsOf(statement).filter(({ kind }) => kind === 'Experiment');
    assert.ok(found.length > 0, 'no field of any CRD carries the rule');
    for (const twin of found) assert.equal(twin.message, statement.message);
  });
}

test('every CEL rule of a CRD comes from a statement, and every statement with CEL is in one', () => {
  for (const twin of twins) {
    const isSource = ({ cel, message }: Statement) => cel === twin.rule && message === twin.message;
    assert.ok(statements.some(isSource), `${twin.kind}${twin.at}: ${twin.rule}`);
  }
  for (const statement of statements) {
    if (statement.cel !== undefined) assert.ok(twinsOf(statement).length > 0, statement.message);
  }
});

test('a rule that CEL cannot carry is a known exception', () => {
  const without = rules.filter(({ statement }) => statement.cel === undefined);
  assert.deepEqual(
    without.map(({ name }) => name),
    ['texts-differ', 'names-differ'],
  );
});

test('names are kept apart by the list-map instead of CEL', () => {
  const [experiment] = customResourceDefinitions();
  const schema = experiment?.spec.versions[0]?.schema.openAPIV3Schema;
  const { spec } = schema?.properties ?? {};
  const { parameters } = spec?.properties ?? {};
  assert.equal(parameters?.['x-kubernetes-list-type'], 'map');
  assert.deepEqual(parameters['x-kubernetes-list-map-keys'], ['name']);
});

test('a fieldPath names a field of the schema that the rule stands on', () => {
  for (const { schema, fieldPath, at } of twins) {
    let field: StructuralSchema | undefined = schema;
    for (const name of fieldPath?.slice(1).split('.') ?? []) field = field?.properties?.[name];
    assert.ok(field, `${at}: ${fieldPath}`);
  }
});

test('a rule is short, its parentheses are closed, and its sentence is one line', () => {
  for (const { at, rule, message } of twins) {
    assert.ok(rule.length <= 300, `${at}: ${rule}`);
    assert.ok(message.length <= 100 && !message.includes('\n'), message);
    for (const [open, close] of ['()', '[]']) {
      assert.equal(rule.split(open ?? '').length, rule.split(close ?? '').length, rule);
    }
  }
});
