import type { StateFolder } from './state-folder.ts';

/** Where the API server listens and what it says of itself. */
export interface ServerAddresses {
  /** It listens here. */
  readonly host: string;
  readonly services: string;
  /** Of its own Service `kubernetes`, the first of the range. */
  readonly apiService: string;
}

/** Without nodes that run pods nobody uses a Service, and this machine alone asks the API server. */
export const LOOPBACK: ServerAddresses = {
  host: '127.0.0.1',
  services: '10.96.0.0/16',
  apiService: '10.96.0.1',
};

/** Controllers of storage, autoscaling and certificates: fake nodes give them nothing to do. */
const IDLE_CONTROLLERS = [
  'certificatesigningrequest-approving-controller',
  'certificatesigningrequest-cleaner-controller',
  'certificatesigningrequest-signing-controller',
  'ephemeral-volume-controller',
  'horizontal-pod-autoscaler-controller',
  'persistentvolume-attach-detach-controller',
  'persistentvolume-binder-controller',
  'persistentvolume-expander-controller',
  'persistentvolume-protection-controller',
  'persistentvolumeclaim-protection-controller',
];

/** What the flags of the four programs have in common. */
export interface Layout {
  readonly folder: StateFolder;
  readonly port: number;
  /** etcd syncs every write to disk, as tests about durability need. */
  readonly durable: boolean;
  readonly audit: boolean;
  /** {@link LOOPBACK}, or addresses that pods reach. */
  readonly addresses: ServerAddresses;
}

const isForPods = ({ addresses }: Layout) => addresses !== LOOPBACK;

export function etcdFlags({ folder, durable }: Layout): string[] {
  // Unix sockets take no ports. Peers need a host and a port in the name, so the socket is a file
  // of that name in the working folder.
  const clients = `unix://${folder.file('etcd.sock')}`;
  const peers = 'unix://peer.sock:0';
  return [
    '--name=kit',
    `--data-dir=${folder.file('etcd')}`,
    `--listen-client-urls=${clients}`,
    '--advertise-client-urls=unix://etcd.sock:0', // must have a port; nobody asks for it
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=kit=${peers}`,
    '--quota-backend-bytes=4294967296',
    '--log-level=warn',
    ...(durable ? [] : ['--unsafe-no-fsync']),
  ];
}

export function apiServerFlags(layout: Layout): string[] {
  const { folder, port, audit, addresses } = layout;
  return [
    `--etcd-servers=unix://${folder.file('etcd.sock')}`,
    '--etcd-compaction-interval=0', // tests decide when history is forgotten
    `--bind-address=${addresses.host}`,
    `--secure-port=${port}`,
    `--advertise-address=${addresses.host}`,
    ...(isForPods(layout)
      ? [
          `--kubelet-client-certificate=${folder.file('kubelet-client.crt')}`,
          `--kubelet-client-key=${folder.file('kubelet-client.key')}`,
          '--kubelet-preferred-address-types=InternalIP', // nothing resolves the node's name
        ]
      : ['--endpoint-reconciler-type=none']), // loopback is refused as the endpoint of a Service
    `--tls-cert-file=${folder.file('server.crt')}`,
    `--tls-private-key-file=${folder.file('server.key')}`,
    `--client-ca-file=${folder.file('ca.crt')}`,
    `--token-auth-file=${folder.file('tokens.csv')}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${folder.file('service-accounts.key')}`,
    `--service-account-signing-key-file=${folder.file('service-accounts.key')}`,
    `--service-cluster-ip-range=${addresses.services}`,
    '--profiling=false',
    ...(audit
      ? [
          `--audit-policy-file=${folder.file('audit-policy.json')}`,
          `--audit-log-path=${folder.file('audit.log')}`,
        ]
      : []),
  ];
}

export function controllerManagerFlags(layout: Layout): string[] {
  const { folder } = layout;
  return [
    `--kubeconfig=${folder.file('controller-manager.kubeconfig')}`,
    '--secure-port=0',
    '--leader-elect=false',
    // Its default of 20 requests/s stretches the start by three seconds, and 6 requests per Job.
    '--kube-api-qps=1000',
    '--kube-api-burst=2000',
    ...(isForPods(layout)
      ? []
      : [`--controllers=*,${IDLE_CONTROLLERS.map((name) => `-${name}`).join(',')}`]),
    '--use-service-account-credentials',
    `--service-account-private-key-file=${folder.file('service-accounts.key')}`,
    `--root-ca-file=${folder.file('ca.crt')}`,
    '--profiling=false',
  ];
}

export function schedulerFlags({ folder }: Layout): string[] {
  return [`--config=${folder.file('scheduler.json')}`, '--secure-port=0'];
}

/** The scheduler's file; its default of 50 requests/s would be the bottleneck of every benchmark. */
export function schedulerConfig({ folder }: Layout): object {
  return {
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    leaderElection: { leaderElect: false },
    enableProfiling: false,
    clientConnection: {
      kubeconfig: folder.file('scheduler.kubeconfig'),
      qps: 1000,
      burst: 2000,
    },
  };
}
