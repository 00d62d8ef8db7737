import { stringify } from 'yaml';
import type { ControlPlane } from '../control-plane.ts';
import { NAMESPACE } from './release.ts';
import { PROMETHEUS_IMAGE } from './server-images.ts';

const NAME = 'prometheus';
const CONTROLLERS = 'controllers-metrics';

/**
 * Starts Prometheus as a pod that scrapes all controllers every 2 s; resolves, once it is ready, with its address
 * for this machine. It finds them by a headless Service, since Debian's build knows no discovery by Kubernetes.
 */
export async function installPrometheus(plane: ControlPlane): Promise<string> {
  const metadata = { name: NAME, namespace: NAMESPACE };
  const labels = { app: NAME };
  const names = [`${CONTROLLERS}.${NAMESPACE}.svc.cluster.local`];
  const settings = {
    global: { scrape_interval: '2s' },
    scrape_configs: [
      {
        job_name: 'espalier',
        honor_labels: true,
        dns_sd_configs: [{ names, type: 'A', port: 8080, refresh_interval: '2s' }],
      },
    ],
  };
  const controllers = {
    clusterIP: 'None',
    publishNotReadyAddresses: true,
    ports: [{ port: 8080 }],
    selector: {
      'app.kubernetes.io/name': 'espalier',
      'app.kubernetes.io/component': 'controller',
    },
  };
  const service = { selector: labels, ports: [{ port: 9090 }] };
  const template = { metadata: { labels }, spec: podSpec() };
  const deployment = { selector: { matchLabels: labels }, template };
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { 'prometheus.yaml': stringify(settings) },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, name: CONTROLLERS },
      spec: controllers,
    },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: service },
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: deployment },
  ];
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await plane.kubectl(['apply', '-f', '-'], JSON.stringify(list));
  const there = ['--namespace', NAMESPACE];
  await plane.kubectl(['rollout', 'status', ...there, `deployment/${NAME}`, '--timeout=120s']);
  const address = ['get', 'service', ...there, NAME, '-o', 'jsonpath={.spec.clusterIP}'];
  return `http://${await plane.kubectl(address)}:9090`;
}

function podSpec(): object {
  return {
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: NAME,
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
      { name: 'settings', configMap: { name: NAME } },
      { name: 'data', emptyDir: {} },
    ],
  };
}
