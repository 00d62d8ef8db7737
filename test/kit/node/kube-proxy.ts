import { writeFileSync } from 'node:fs';
import type { ControlPlane } from '../control-plane.ts';
import { writeKubeconfig } from '../kubeconfig.ts';
import type { OwnProcess } from '../own-process.ts';
import type { StateFolder } from '../state-folder.ts';
import { NODE_NAME, type NodeBox } from './node-box.ts';

export interface ServiceRoutingOptions {
  readonly plane: ControlPlane;
  readonly box: NodeBox;
  readonly folder: StateFolder;
  readonly command: string;
}

/** Starts kube-proxy in the box: Services answer for pods and, through the node, for this machine. */
export async function startKubeProxy(options: ServiceRoutingOptions): Promise<OwnProcess> {
  const { plane, box, folder, command } = options;
  const kubeconfig = folder.file('kube-proxy.kubeconfig');
  const pair = plane.authority.issue({ commonName: 'system:kube-proxy' });
  const credential = { kind: 'certificate', pair } as const;
  writeKubeconfig(kubeconfig, { server: plane.url, ca: plane.ca, credential });
  const config = folder.file('kube-proxy.json');
  writeFileSync(
    config,
    JSON.stringify({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      clientConnection: { kubeconfig },
      mode: 'iptables',
      clusterCIDR: box.network.pods,
      hostnameOverride: NODE_NAME,
      healthzBindAddress: '127.0.0.1:10256',
      metricsBindAddress: '127.0.0.1:10249',
      // An answer from pod to pod crosses the bridge without passing the packet filter, which must undo
      // the translation; so the caller must seem to be the node.
      iptables: { masqueradeAll: true, localhostNodePorts: false },
      // Limits of connections belong to the machine and not to the namespace.
      conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    }),
  );
  return box.start({
    name: 'kube-proxy',
    command,
    args: [`--config=${config}`],
    logFile: folder.file('kube-proxy.log'),
  });
}
