import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { type ConfigResult, readConfig } from '../../../controller/src/config.ts';
import { installModuleCrds } from '../../kit/module-crds.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { applyCrds, makeNamespace } from '../k8s/objects.ts';
import {
  CHART,
  find,
  helm,
  NAMESPACE,
  type Rendered,
  render,
  template,
  type Values,
} from './helm.ts';
import { MATRIX, NAMESPACES, REFUSED } from './matrix.ts';

const root = join(CHART, '../..');
const NAME = 'espalier-controller';

interface PodTemplate {
  readonly metadata?: object;
  readonly spec: { readonly serviceAccountName?: string; readonly volumes?: readonly object[] };
}

interface Workload {
  readonly template: PodTemplate;
  readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
}

/** The pods that an object of a chart leads to. */
function podOf({ kind, spec }: Rendered): PodTemplate | undefined {
  if (kind === 'Pod') return { spec } as PodTemplate;
  if (!['Deployment', 'StatefulSet', 'Job'].includes(kind ?? '')) return undefined;
  const { template, volumeClaimTemplates = [] } = spec as Workload;
  const claimed = volumeClaimTemplates.map(({ metadata: { name } }) => ({ name, emptyDir: {} }));
  const volumes = [...(template.spec.volumes ?? []), ...claimed];
  return { ...template, spec: { ...template.spec, volumes } };
}

const rendered = new Map<Values, Promise<Rendered[]>>();

/** Rendered once, however many tests look at it. */
function renderOnce(values: Values): Promise<Rendered[]> {
  const known = rendered.get(values) ?? render(values);
  rendered.set(values, known);
  return known;
}

function settingsOf(objects: readonly Rendered[]): { text: string; read: ConfigResult } {
  const text = objects.find(({ data }) => data?.['config.yaml'])?.data?.['config.yaml'] ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'espalier-chart-'));
  try {
    writeFileSync(join(folder, 'config.yaml'), text);
    return { text, read: readConfig([`--config=${join(folder, 'config.yaml')}`], {}) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the chart, rendered', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'chart', nodes: false });

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    for (const name of [NAMESPACE, ...NAMESPACES]) await makeNamespace(plane.client, name);
    const level = 'pod-security.kubernetes.io/enforce=restricted';
    await plane.kubectl(['label', 'namespace', NAMESPACE, level]);
    await installModuleCrds(plane);
  });

  test('helm lint has nothing to say against it', async () => {
    const { code, stdout } = await helm(['lint', '--strict', CHART], { values: {} });
    assert.equal(code, 0, stdout);
  });

  for (const [name, values] of Object.entries(MATRIX)) {
    test(`every object of ${name} is accepted by the API server`, async (context) => {
      const objects = await renderOnce(values);
      // A pod needs its account before it; below it is looked at without.
      const applicable = objects.filter(({ kind }) => kind !== 'Pod');
      const text = applicable.map((object) => JSON.stringify(object)).join('\n---\n');
      const { plane } = cluster;
      const applied = await plane.kubectl(
        [
          'apply',
          '--server-side',
          '--validate=strict',
          '--dry-run=server',
          '--force-conflicts',
          '-o',
          'name',
          '-f',
          '-',
        ],
        text,
      );
      const names = applied.trim().split('\n');
      assert.equal(names.length, applicable.length);
      const pods = objects.map(podOf).filter((pod) => pod !== undefined);
      for (const { metadata = {}, spec } of pods) {
        // Pod Security looks at pods; the account may not be there yet.
        const { serviceAccountName: _, ...rest } = spec;
        const body = { ...metadata, generateName: 'pod-' };
        const { status, text: answer } = await plane.client.request(
          'POST',
          `/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All`,
          { body: { apiVersion: 'v1', kind: 'Pod', metadata: body, spec: rest } },
        );
        assert.equal(status, 201, answer);
      }
      context.diagnostic(`${names.length} objects accepted, ${pods.length} pods are restricted`);
    });

    test(`the controller takes its settings of ${name}`, async () => {
      const { text, read } = settingsOf(await renderOnce(values));
      assert.deepEqual(read.kind === 'problems' ? read.problems : [], [], text);
    });
  }

  for (const [name, [values, message]] of Object.entries(REFUSED)) {
    test(`${name} is refused with a message`, async () => {
      const { code, stderr } = await template(values);
      assert.notEqual(code, 0);
      assert.match(stderr, message);
    });
  }

  test('every setting of the controller can be set by a value, or is not for a pod', async () => {
    const help = readConfig(['--help'], {});
    assert.equal(help.kind, 'help');
    const flags = [...(help.kind === 'help' ? help.text : '').matchAll(/^ {2}--([a-z0-9-]+)/gm)];
    const names = flags.map(([, flag = '']) =>
      flag.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    );
    const texts = await Promise.all(
      Object.values(MATRIX).map(async (values) => settingsOf(await renderOnce(values)).text),
    );
    const set = new Set(texts.flatMap((text) => Object.keys(parse(text) as object)));
    // A pod has no kubeconfig, always several replicas, and one network.
    const notForPods = ['kubeconfig', 'context', 'leaderElect', 'httpHost'];
    assert.deepEqual(
      names.filter((name) => !set.has(name)),
      notForPods,
    );
  });

  test('G13 the rights of the controller are those of manifests/rbac', async () => {
    const objects = await renderOnce(MATRIX['the defaults'] as Values);
    const documents = ['controller', 'users'].flatMap((name) =>
      parseAllDocuments(readFileSync(join(root, `manifests/rbac/${name}.yaml`), 'utf8')),
    );
    for (const document of documents) {
      const { kind = '', metadata, rules } = document.toJSON() as Rendered;
      assert.deepEqual(find(objects, kind, metadata.name ?? '').rules, rules);
    }
    assert.equal(documents.length, 5);
  });

  test('G13 with chosen namespaces nothing is bound for the whole cluster', async () => {
    const objects = await renderOnce(MATRIX['chosen namespaces'] as Values);
    assert.deepEqual(
      objects.filter(({ kind }) => kind === 'ClusterRoleBinding'),
      [],
    );
    const bound = objects.filter(
      ({ kind, metadata }) => kind === 'RoleBinding' && metadata.name === NAME,
    );
    assert.deepEqual(
      bound.map(({ metadata }) => metadata.namespace),
      [...NAMESPACES],
    );
  });

  test('rules, dashboard and what is scraped are those of manifests/monitoring', async () => {
    const objects = await renderOnce(MATRIX['everything that can be switched on'] as Values);
    const source = (name: string) => readFileSync(join(root, 'manifests/monitoring', name), 'utf8');
    const rules = parse(source('prometheusrule.yaml')) as Rendered;
    assert.deepEqual(find(objects, 'PrometheusRule', 'espalier').spec, rules.spec);
    const { selector: ours, ...scraped } = find(objects, 'PodMonitor', NAME).spec as {
      selector: { matchLabels: object };
    };
    const { selector, ...wanted } = (parse(source('podmonitor.yaml')) as Rendered).spec as {
      selector: { matchLabels: object };
    };
    assert.deepEqual(scraped, wanted);
    // Of this release only.
    assert.deepEqual(ours.matchLabels, {
      ...selector.matchLabels,
      'app.kubernetes.io/instance': 'espalier',
    });
    const dashboard = find(objects, 'ConfigMap', 'espalier-dashboard').data?.['espalier.json'];
    assert.equal(dashboard, source('dashboard.json'));
  });

  test('a field that their schemas do not have is refused, so the schemas are the real ones', async () => {
    const objects = await renderOnce(MATRIX['everything that can be switched on'] as Values);
    const monitor = find(objects, 'PodMonitor', NAME) as { spec: object };
    const wrong = { ...monitor, spec: { ...monitor.spec, sampleLimits: 1 } };
    const args = ['apply', '--server-side', '--validate=strict', '--dry-run=server', '-f', '-'];
    await assert.rejects(cluster.plane.kubectl(args, JSON.stringify(wrong)), /sampleLimits/);
  });

  test('with cert-manager the server has its certificate, and the controller its CA', async () => {
    const objects = await renderOnce(MATRIX['a certificate by a CA of its own'] as Values);
    const secret = 'espalier-nats-tls';
    const { secretName, dnsNames } = find(objects, 'Certificate', 'espalier-nats').spec as {
      secretName: string;
      dnsNames: readonly string[];
    };
    assert.equal(secretName, secret);
    const config = settingsOf(objects).text;
    const [, host = ''] = /^natsServers: \["([^:]+):4222"\]$/m.exec(config) ?? [];
    assert.ok(dnsNames.includes(host), `${host} is none of ${dnsNames.join()}`);
    const keysIn = (kind: string, name: string) => {
      const { volumes } = (find(objects, kind, name).spec as Workload).template.spec;
      return JSON.stringify(volumes?.find((volume) => 'projected' in volume));
    };
    const item = (key: string, path = key) => JSON.stringify({ key, path });
    const server = keysIn('StatefulSet', 'espalier-nats');
    for (const text of [secret, item('tls.crt', 'server.crt'), item('tls.key', 'server.key')]) {
      assert.ok(server.includes(text), text);
    }
    assert.ok(!server.includes(item('server.crt')), 'not the one of the keys, too');
    const controller = keysIn('Deployment', NAME);
    assert.equal(controller.split(item('ca.crt')).length, 2);
    assert.ok(controller.includes(`"name":"${secret}","items":[${item('ca.crt')}]`), controller);
  });

  test('CustomResourceDefinitions stay when the release goes', async () => {
    const crds = (await renderOnce(MATRIX['the defaults'] as Values)).filter(
      ({ kind }) => kind === 'CustomResourceDefinition',
    );
    assert.equal(crds.length, 3);
    for (const { metadata } of crds) {
      assert.equal(metadata.annotations?.['helm.sh/resource-policy'], 'keep');
    }
  });

  test('chart, programs and images have one version', () => {
    const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as Record<string, string>;
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    assert.deepEqual([chart['version'], chart['appVersion']], [version, version]);
    const pinned = readFileSync(join(root, 'scripts/versions.env'), 'utf8');
    const { images } = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as {
      images: Record<string, { tag: string }>;
    };
    assert.match(pinned, new RegExp(`^NATS_SERVER_VERSION=${images['nats']?.tag}$`, 'm'));
    assert.match(pinned, new RegExp(`^VERSITYGW_VERSION=${images['store']?.tag.slice(1)}$`, 'm'));
  });
});
