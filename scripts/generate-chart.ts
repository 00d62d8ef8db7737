import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { customResourceDefinitions } from '@espalier/api';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { readValues, valuesSchema, valuesTable } from './chart-values.ts';

const ROOT = join(import.meta.dirname, '..');
const CHART = 'charts/espalier';
const HEADER = (source: string) =>
  `# Generated from ${source} by \`make generate\`; edits are lost.\n`;
const MONITORING = ['podmonitor.yaml', 'prometheusrule.yaml', 'dashboard.json'];
const TABLE = '<!-- values: written by `make generate` -->\n';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Path and content of each file of the chart that has its source elsewhere. */
export function chartFiles(): [string, string][] {
  const values = readValues(read(`${CHART}/values.yaml`));
  const readme = read(`${CHART}/README.md`);
  const end = readme.indexOf(TABLE);
  if (end < 0) throw new Error(`${CHART}/README.md has no line ${TABLE}`);
  return [
    ...crdTemplates(),
    ...MONITORING.map((name): [string, string] => [
      `${CHART}/files/monitoring/${name}`,
      read(`manifests/monitoring/${name}`),
    ]),
    ...roleFiles(),
    [`${CHART}/values.schema.json`, `${JSON.stringify(valuesSchema(values), undefined, 2)}\n`],
    [`${CHART}/README.md`, readme.slice(0, end + TABLE.length) + valuesTable(values)],
  ];
}

function crdTemplates(): [string, string][] {
  return customResourceDefinitions().map((definition) => {
    const { plural } = definition.spec.names;
    const text = stringify(
      {
        ...definition,
        metadata: {
          ...definition.metadata,
          // Deleting a CRD deletes every object of its kind.
          annotations: { 'helm.sh/resource-policy': 'keep' },
        },
      },
      { aliasDuplicateObjects: false, lineWidth: 100 },
    );
    if (text.includes('{{')) throw new Error(`the CRD of ${plural} would be read as a template`);
    const source = HEADER('api/src');
    const template = `${source}{{- if .Values.crds.install }}\n${text}{{- end }}\n`;
    return [`${CHART}/templates/crd-${plural}.yaml`, template];
  });
}

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly rules: readonly object[];
}

/** The rules of manifests/rbac, without their names: those are the release's. */
function roleFiles(): [string, string][] {
  const [controller, lease] = roles('manifests/rbac/controller.yaml');
  const people = roles('manifests/rbac/users.yaml').map(({ metadata, rules }) => {
    const { 'app.kubernetes.io/name': _, ...labels } = metadata.labels;
    return [metadata.name.replace('espalier-', ''), { labels, rules }] as const;
  });
  const files = {
    controller: { controller: controller?.rules, lease: lease?.rules },
    users: Object.fromEntries(people),
  };
  return Object.entries(files).map(([name, content]) => [
    `${CHART}/files/rbac/${name}.yaml`,
    HEADER(`manifests/rbac/${name}.yaml`) + stringify(content, { aliasDuplicateObjects: false }),
  ]);
}

function roles(path: string): Role[] {
  return parseAllDocuments(read(path)).map((document) => parse(String(document)) as Role);
}
