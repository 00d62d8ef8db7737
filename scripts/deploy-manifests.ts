import { parse, stringify } from 'yaml';

/** What `helm template` writes before each object: the template that it comes from. */
const SOURCE = /^# Source: [^/]+\/templates\/(.+)$/m;
const HEADER =
  '# Generated from charts/espalier by `make generate-deploy`; edits are lost. Change it by patches of a\n' +
  '# kustomization of your own.\n';
/** Labels and annotations that only mean something to helm. */
const OF_HELM = ['helm.sh/', 'app.kubernetes.io/managed-by'];

interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** Restricted, because nothing of the chart needs more. */
const NAMESPACE = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
});

/**
 * The files of manifests/deploy and manifests/uninstall, from what `helm template` renders with the
 * default values: the same objects, without what is for helm.
 *
 * The job that makes keys is a job like any other here; trainers' profiles and the self-test are left out,
 * and what ends everything is a kustomization of its own.
 */
export function deployFiles(rendered: string, namespace: string): [string, string][] {
  const folders = new Map<string, Map<string, object[]>>();
  const add = (folder: string, file: string, object: object) => {
    const files = folders.get(folder) ?? new Map<string, object[]>();
    folders.set(folder, files);
    files.set(file, [...(files.get(file) ?? []), object]);
  };
  add('manifests/deploy', 'namespace.yaml', NAMESPACE(namespace));
  for (const document of rendered.split(/^---$/m)) {
    const template = SOURCE.exec(document)?.[1];
    const object = parse(document) as Manifest | null;
    if (template === undefined || object === null) continue;
    const hook = object.metadata.annotations?.['helm.sh/hook'];
    if (hook === 'test') continue;
    const folder = hook === 'pre-delete' ? 'manifests/uninstall' : 'manifests/deploy';
    add(folder, template.slice(template.lastIndexOf('/') + 1), withoutHelm(object));
  }
  return [...folders].flatMap(([folder, files]) => [
    ...[...files].map(([file, objects]): [string, string] => [
      `${folder}/${file}`,
      HEADER + objects.map((object) => stringify(object, STYLE)).join('---\n'),
    ]),
    [`${folder}/kustomization.yaml`, kustomization([...files.keys()])],
  ]);
}

const STYLE = { aliasDuplicateObjects: false, lineWidth: 100 } as const;

function kustomization(resources: readonly string[]): string {
  return (
    HEADER +
    stringify({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources })
  );
}

function withoutHelm(object: Manifest): object {
  return JSON.parse(
    JSON.stringify(object, (key, value: unknown) =>
      key === 'labels' || key === 'annotations' ? withoutKeys(value as object) : value,
    ),
  ) as object;
}

/** Undefined, and so left out, if nothing remains. */
function withoutKeys(map: object): object | undefined {
  const kept = Object.entries(map).filter(([key]) => !OF_HELM.some((own) => key.startsWith(own)));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
