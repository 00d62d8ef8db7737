import { writeFileSync } from 'node:fs';
import type { OwnProcess } from '../own-process.ts';
import type { ServiceRoutingOptions } from './kube-proxy.ts';

/** Starts CoreDNS in the box, for names of Services; it knows no names of the world. */
export async function startClusterDns(options: ServiceRoutingOptions): Promise<OwnProcess> {
  const { plane, box, folder, command } = options;
  const config = folder.file('Corefile');
  writeFileSync(
    config,
    `cluster.local:53 {
  bind ${box.network.node}
  errors
  kubernetes cluster.local {
    kubeconfig ${plane.kubeconfig}
  }
}
`,
  );
  return box.start({
    name: 'coredns',
    command,
    args: ['-conf', config],
    logFile: folder.file('coredns.log'),
  });
}
