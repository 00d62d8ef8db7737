import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { toolPaths } from '../tools.ts';
import type { NodeCluster } from './node-cluster.ts';
import { PROMETHEUS_IMAGE } from './server-images.ts';

const root = join(import.meta.dirname, '../../..');
export const RELEASE = 'espalier';
export const NAMESPACE = 'espalier-system';

/** Resolves with archives of the project's images, built first where something has changed. */
export async function projectImages(): Promise<string[]> {
  const script = join(root, 'scripts/images.sh');
  const archives = join(root, '.espalier/images');
  const running = promisify(execFile)(script, [
    '--archive',
    archives,
    'controller',
    'courier',
    'trainer',
  ]);
  running.child.stderr?.pipe(process.stderr);
  const { stdout } = await running;
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[2] as string);
}

/** Installs the chart with its bundled servers and waits until all of it is ready. */
export async function installRelease(
  { plane }: NodeCluster,
  values: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const { helm } = await toolPaths(['helm']);
  const home = mkdtempSync(join(tmpdir(), 'espalier-helm-'));
  try {
    const file = join(home, 'values.json');
    writeFileSync(file, JSON.stringify(values));
    const args = ['upgrade', '--install', RELEASE, join(root, 'charts/espalier')];
    const place = [
      '--namespace',
      NAMESPACE,
      '--create-namespace',
      '--kubeconfig',
      plane.kubeconfig,
    ];
    await promisify(execFile)(
      helm,
      [...args, ...place, '--values', file, '--wait', '--timeout', '5m'],
      { env: { HOME: home } },
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Starts Prometheus as a pod that scrapes the controllers; resolves with its address for this machine. */
export async function installPrometheus({ plane }: NodeCluster): Promise<string> {
  const name = 'prometheus';
  const metadata = { name, namespace: NAMESPACE };
  const labels = { app: name };
  const rbac = 'rbac.authorization.k8s.io';
  const settings = {
    global: { scrape_interval: '2s' },
    scrape_configs: [
      {
        job_name: 'espalier',
        honor_labels: true,
        kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: [NAMESPACE] } }],
        relabel_configs: [
          {
            source_labels: [
              '__meta_kubernetes_pod_label_app_kubernetes_io_component',
              '__meta_kubernetes_pod_container_port_name',
            ],
            regex: 'controller;http',
            action: 'keep',
          },
          { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
        ],
      },
    ],
  };
  const objects = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }],
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { 'prometheus.yaml': stringify(settings) },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ port: 9090 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: prometheusPod(name) },
      },
    },
  ];
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await plane.kubectl(['apply', '-f', '-'], JSON.stringify(list));
  await plane.kubectl([
    'rollout',
    'status',
    '-n',
    NAMESPACE,
    `deployment/${name}`,
    '--timeout=120s',
  ]);
  const address = await plane.kubectl([
    ...['get', 'service', '-n', NAMESPACE, name, '-o', 'jsonpath={.spec.clusterIP}'],
  ]);
  return `http://${address}:9090`;
}

function prometheusPod(name: string): object {
  return {
    serviceAccountName: name,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name,
        image: PROMETHEUS_IMAGE,
        imagePullPolicy: 'Never',
        args: ['--config.file=/settings/prometheus.yaml', '--storage.tsdb.path=/data'],
        readinessProbe: { httpGet: { path: '/-/ready', port: 9090 }, periodSeconds: 1 },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [
          { name: 'settings', mountPath: '/settings' },
          { name: 'data', mountPath: '/data' },
        ],
      },
    ],
    volumes: [
      { name: 'settings', configMap: { name } },
      { name: 'data', emptyDir: {} },
    ],
  };
}
