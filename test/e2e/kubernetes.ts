import { type ApiClient, createProxiedClient } from '../kit/api-client.ts';
import type { KubeList, KubeObject } from '../kit/kube-types.ts';
import { runKubectl } from '../kit/kubectl.ts';
import { type OwnProcess, startProcess } from '../kit/own-process.ts';
import { makeStateFolder } from '../kit/state-folder.ts';
import { toolPaths } from '../kit/tools.ts';
import { waitFor } from '../kit/wait.ts';

/** A Kubernetes that may be anywhere: whatever its kubeconfig needs, kubectl knows. */
export interface Kubernetes {
  readonly kubeconfig: string;
  readonly client: ApiClient;
  /** Port of 127.0.0.1 on which the API server answers without credentials, while this is open. */
  readonly proxyPort: number;
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Objects of one or more kinds, as `kubectl get` takes them. */
  list<T extends KubeObject>(kinds: string, ...args: readonly string[]): Promise<readonly T[]>;
  /** Runs `work` with a port of 127.0.0.1 that leads to one of a Service's pods. */
  forwarded<T>(
    place: { readonly namespace: string; readonly service: string; readonly port: number },
    work: (port: number) => Promise<T>,
  ): Promise<T>;
  close(): Promise<void>;
}

/** @throws {Error} if kubectl cannot use the kubeconfig. */
export async function openKubernetes(kubeconfig: string): Promise<Kubernetes> {
  const tools = await toolPaths(['kubectl']);
  const folder = makeStateFolder('kubectl');
  let started = 0;
  /** Starts a kubectl that serves; resolves with the port that it says. */
  const serve = async (args: readonly string[]): Promise<[OwnProcess, number]> => {
    const process = await startProcess({
      name: `kubectl ${args[0]}`,
      command: tools.kubectl,
      args: ['--kubeconfig', kubeconfig, ...args],
      logFile: folder.file(`${started++}.log`),
    });
    const port = await waitFor(() => /127\.0\.0\.1:(\d+)/.exec(process.tail())?.[1], {
      what: `kubectl ${args.join(' ')} serves`,
      unless: process.whyEnded,
    }).catch(async (error) => {
      await process.kill();
      throw error;
    });
    return [process, Number(port)];
  };
  const kubectl = (args: readonly string[], input?: string) =>
    runKubectl(tools.kubectl, kubeconfig, args, input);
  const [proxy, proxyPort] = await serve(['proxy', '--port=0']);
  const client = createProxiedClient(`http://127.0.0.1:${proxyPort}`);
  return {
    kubeconfig,
    client,
    proxyPort,
    kubectl,
    list: async <T extends KubeObject>(kinds: string, ...args: readonly string[]) =>
      (JSON.parse(await kubectl(['get', kinds, ...args, '-o', 'json'])) as KubeList<T>).items,
    forwarded: async ({ namespace, service, port }, work) => {
      const place = [`--namespace=${namespace}`, `service/${service}`, `:${port}`];
      const [process, local] = await serve(['port-forward', ...place]);
      try {
        return await work(local);
      } finally {
        await process.kill();
      }
    },
    close: async () => {
      client.close();
      await proxy.kill();
      folder.remove();
    },
  };
}
