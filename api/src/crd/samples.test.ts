import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readManifests } from '../manifest/read-manifests.ts';
import { FULL_MANIFEST } from '../testing/specs.ts';
import { customResourceDefinitions } from './definitions.ts';
import type { StructuralSchema } from './structural.ts';

const ROOT = join(fileURLToPath(import.meta.url), '../../../..');

/** The fields of `value` that the schema does not know, or whose type it does not take. */
function misfits(schema: StructuralSchema | undefined, value: unknown, path: string): string[] {
  if (schema === undefined) return [`${path} is unknown`];
  if (Array.isArray(value)) {
    if (schema.type !== 'array') return [`${path} is a list`];
    return value.flatMap((item, index) => misfits(schema.items, item, `${path}[${index}]`));
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).flatMap(([name, field]) =>
      misfits(schema.properties?.[name] ?? schema.additionalProperties, field, `${path}.${name}`),
    );
    const missing = (schema.required ?? []).filter((name) => !(name in value));
    return [...fields, ...missing.map((name) => `${path}.${name} is missing`)];
  }
  if (schema['x-kubernetes-int-or-string']) return [];
  const type = Number.isInteger(value) && schema.type === 'integer' ? 'integer' : typeof value;
  return type === schema.type ? [] : [`${path} is a ${type}, not a ${schema.type}`];
}

function check(text: string, name: string): void {
  const { experiments, profiles, problems } = readManifests(text, name);
  assert.deepEqual(problems, []);
  assert.ok(experiments.length + profiles.length > 0);
  for (const { kind, spec } of [...experiments, ...profiles]) {
    const definition = customResourceDefinitions().find((one) => one.spec.names.kind === kind);
    const schema = definition?.spec.versions[0]?.schema.openAPIV3Schema.properties;
    assert.deepEqual(misfits(schema?.['spec'], spec, 'spec'), []);
  }
}

test('a manifest with every field passes the reader, the rules and the CRD', () => {
  check(FULL_MANIFEST, 'full.yaml');
});

for (const path of globSync('manifests/samples/*.yaml', { cwd: ROOT }).sort()) {
  test(`${path} passes the reader, the rules and the CRD`, () => {
    check(readFileSync(join(ROOT, path), 'utf8'), path);
  });
}
