import type { Values } from './helm.ts';

/** Namespaces that the matrix names; they must exist. */
export const NAMESPACES = ['team-a', 'team-b'] as const;

const MONITORING = {
  podMonitor: { enabled: true, labels: { release: 'prometheus' } },
  rules: { enabled: true },
  dashboard: { enabled: true },
};
const EXTERNAL = {
  nats: {
    mode: 'external',
    external: { servers: ['nats-0.example.org:4222', 'nats-1.example.org:4222'], keysSecret: 'k' },
  },
  s3: { mode: 'external', bucket: 'models', prefix: 'espalier/x' },
};

/** What people install, from nothing said to everything said. */
export const MATRIX: Readonly<Record<string, Values>> = {
  'the defaults': {},
  'chosen namespaces': { namespaces: NAMESPACES, selfTest: { namespace: 'team-b' } },
  'everything external, by the identity of the cloud': {
    ...EXTERNAL,
    serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/x' } },
  },
  'everything external, by a Secret': {
    ...EXTERNAL,
    s3: {
      ...EXTERNAL.s3,
      external: {
        endpoint: 'https://s3.example.org:9000',
        pathStyle: true,
        checksums: 'when_required',
        credentialsSecret: 'c',
      },
    },
  },
  'bundled servers with Secrets of ours and without volumes': {
    nats: { bundled: { keysSecret: 'k', storage: { persistent: false } } },
    s3: { bundled: { credentialsSecret: 'c', storage: { persistent: false } } },
  },
  'a certificate by an issuer of the cluster': {
    nats: {
      bundled: { certManager: { enabled: true, issuer: 'pki', issuerKind: 'ClusterIssuer' } },
    },
  },
  'a certificate by a CA of its own': { nats: { bundled: { certManager: { enabled: true } } } },
  'no NATS and no store': { nats: { mode: 'none' }, s3: { mode: 'none' } },
  'no store': { s3: { mode: 'none' } },
  'everything that can be switched on': {
    monitoring: MONITORING,
    admissionPolicy: { imagePrefixes: ['ghcr.io/acme/', 'localhost'] },
    networkPolicy: {
      metricsFrom: [
        { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
      ],
    },
    imagePullSecrets: ['regcred'],
    controller: {
      priorityClassName: 'system-cluster-critical',
      env: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
      podAnnotations: { a: 'b' },
      podLabels: { c: 'd' },
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'control', operator: 'Exists', effect: 'NoSchedule' }],
      affinity: { nodeAffinity: {} },
      metricParameters: true,
    },
    nats: { bundled: { storage: { storageClass: 'fast' } } },
    s3: { bundled: { storage: { storageClass: 'fast' } } },
    trainerProfiles: [
      {
        name: 'gpu',
        namespace: 'team-a',
        spec: { image: 'ghcr.io/acme/t:1', imagePrefixes: ['g'] },
      },
    ],
  },
  'everything that can be switched off': {
    replicas: 1,
    crds: { install: false },
    rbac: { create: false, aggregate: false },
    serviceAccount: { create: false, name: 'mine' },
    networkPolicy: { enabled: false },
    admissionPolicy: { enabled: false },
    uninstall: { enabled: false },
    selfTest: { enabled: false },
    controller: { disruptionBudget: false, resources: {} },
    images: { trainer: { repository: '' } },
  },
  'another name and another domain': {
    fullnameOverride: 'trees',
    clusterDomain: 'example.internal',
  },
};

/** Values that are refused, each with what the message must hold. */
export const REFUSED: Readonly<Record<string, readonly [values: Values, message: RegExp]>> = {
  'a misspelt value': [{ replica: 2 }, /replica/],
  'a misspelt value deep inside': [
    { nats: { bundled: { storage: { sise: '1Gi' } } } },
    /nats.*bundled.*storage[\s\S]*sise/,
  ],
  'a number as text': [{ replicas: '2' }, /replicas[\s\S]*(string|integer)/],
  'no replica': [{ replicas: 0 }, /replicas[\s\S]*minimum/],
  'an unknown mode': [{ s3: { mode: 'minio' } }, /mode[\s\S]*bundled/],
  'a time without a unit': [{ controller: { leaseDuration: '15' } }, /leaseDuration/],
  'a size that is none': [{ nats: { bundled: { storage: { size: 'big' } } } }, /size/],
  'a bucket that is too short': [{ s3: { bucket: 'ab' } }, /bucket/],
  'a privileged port': [{ controller: { httpPort: 80 } }, /httpPort/],
  'a server without a port': [
    { nats: { mode: 'external', external: { servers: ['nats'], keysSecret: 'k' } } },
    /servers/,
  ],
  'external NATS without servers': [
    { nats: { mode: 'external', external: { keysSecret: 'k' } } },
    /nats\.external\.servers: name the servers/,
  ],
  'external NATS without keys': [
    { nats: { mode: 'external', external: { servers: ['n:4222'] } } },
    /nats\.external\.keysSecret: name the Secret/,
  ],
  'a store without NATS': [{ nats: { mode: 'none' } }, /s3\.mode: must be none/],
  'no ServiceAccount and no name of one': [
    { serviceAccount: { create: false } },
    /serviceAccount\.name/,
  ],
  'a profile without a namespace': [
    { trainerProfiles: [{ name: 'gpu', spec: {} }] },
    /trainerProfiles[\s\S]*namespace/,
  ],
  'a profile where the controller does not look': [
    { namespaces: ['team-a'], trainerProfiles: [{ name: 'gpu', namespace: 'team-b', spec: {} }] },
    /team-b\/gpu is in none of the namespaces/,
  ],
  'an image prefix with a quotation mark': [
    { admissionPolicy: { imagePrefixes: ['a"b'] } },
    /imagePrefixes/,
  ],
};
