import { customResourceDefinitions, experimentJsonSchema } from '@espalier/api';
import { stringify } from 'yaml';

const HEADER = '# Generated from api/src by `make generate`; edits are lost.\n';

/** Path and content of each CustomResourceDefinition. */
export function crdFiles(): [string, string][] {
  return customResourceDefinitions().map((definition) => [
    `manifests/crd/${definition.spec.names.plural}.yaml`,
    HEADER + stringify(definition, { aliasDuplicateObjects: false, lineWidth: 100 }),
  ]);
}

export function editorSchemaFile(): [string, string] {
  return [
    'docs/api/experiment.schema.json',
    `${JSON.stringify(experimentJsonSchema(), undefined, 2)}\n`,
  ];
}
