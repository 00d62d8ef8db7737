import { writeFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { controllerCredentials } from '../../../controller/src/adapters/nats/credentials.ts';
import { createInstallation } from '../../../controller/src/adapters/nats/installation.ts';
import type { KubernetesOptions } from '../../../controller/src/kubernetes.ts';
import type { ApiClient } from '../../kit/api-client.ts';
import type { ControlPlane } from '../../kit/control-plane.ts';
import {
  CONTROLLER_ACCOUNT,
  CONTROLLER_NAMESPACE,
  installControllerAccount,
} from '../../kit/controller-account.ts';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import type { Pod } from '../../kit/kube-types.ts';
import { type ProcessNode, startProcessNode } from '../../kit/process-node/process-node.ts';
import { started, useCluster, watchOutcome } from '../../kit/suite.ts';
import { waitFor } from '../../kit/wait.ts';
import { applyCrds, createExperiment, lastWords, podsIn } from './objects.ts';
import { bearerAccess, type Program, startProgram } from './program.ts';

/** As the API server names the controller, which has the rights of `manifests/rbac` and no others. */
export const ACCOUNT = `system:serviceaccount:${CONTROLLER_NAMESPACE}:${CONTROLLER_ACCOUNT}`;

/** A control plane, a node that runs shell scripts as trainers, a fault proxy, a controller behind it. */
export interface ProcessRig {
  readonly plane: ControlPlane;
  readonly client: ApiClient;
  readonly node: ProcessNode;
  readonly proxy: FaultProxy;
  program: Program;
  /** Ends the controller in order and starts another one. */
  restartProgram(): Promise<void>;
  /** An Experiment `e` whose trainers run this script; it may use `$LAST` and {@link UNTIL_GO}. */
  run(namespace: string, script: string, spec?: Spec): Promise<void>;
  /** Lets a script that waits go on. */
  go(namespace: string, pod: string): void;
}

type Spec = Parameters<typeof createExperiment>[3];

/** In a script: until the test says go. */
export const UNTIL_GO = 'while [ ! -e "$ESPALIER_OUT/go" ]; do sleep 0.05; done';
/** In a script: leaves a result. */
export const REPORT = `printf %s '${lastWords(0.5)}' > "$ESPALIER_TERMINATION_LOG"`;

/**
 * @param streams What stands behind the controller, beside a NATS to which nobody answers: results are
 *   termination messages then, and pods mount credentials all the same.
 */
export function useProcessRig(
  label: string,
  streams: () => Promise<NonNullable<KubernetesOptions['streams']>> = async () => ({}),
): ProcessRig {
  const cluster = useCluster({ label, audit: true, nodes: false });
  let [node, proxy, program]: [ProcessNode?, FaultProxy?, Program?] = [];
  let options: Partial<KubernetesOptions> = {};
  const outcome = watchOutcome();

  const start = async () => {
    const { plane } = cluster;
    const token = await plane.serviceAccountToken(CONTROLLER_NAMESPACE, CONTROLLER_ACCOUNT);
    program = startProgram(bearerAccess(plane, started(proxy).url, token), options);
    await program.controller.ready;
  };
  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    await installControllerAccount(plane);
    proxy = await startKubeProxy(plane);
    node = await startProcessNode(plane, {
      images: { 'localhost/trainer:1': { entrypoint: ['/bin/sh'] } },
    });
    const installation = await createInstallation(['127.0.0.1']);
    const credentials = await controllerCredentials(installation);
    const servers = ['127.0.0.1:1'];
    options = {
      streams: {
        nats: {
          servers,
          credentials: () => credentials,
          ca: () => installation.ca.certificate,
          signer: () => installation,
        },
        ...(await streams()),
      },
      defaults: {
        trainerImage: 'localhost/trainer:1',
        streams: { servers, courierImage: 'localhost/courier:1', hasStore: true },
      },
    };
    await start();
  });
  after(async () => {
    await program?.stop();
    await proxy?.close();
    await node?.stop(outcome);
  });

  return {
    get plane() {
      return cluster.plane;
    },
    get client() {
      return cluster.plane.client;
    },
    get node() {
      return started(node);
    },
    get proxy() {
      return started(proxy);
    },
    get program() {
      return started(program);
    },
    restartProgram: async () => {
      await program?.stop();
      await start();
    },
    run: async (namespace, script, spec = {}) => {
      await createExperiment(cluster.plane.client, namespace, 'e', {
        trials: { max: 1 },
        deadlines: { metrics: '1s' },
        attempts: { maxRetries: 0 },
        trainer: { args: ['-c', script] },
        ...spec,
      });
    },
    go: (namespace, pod) => {
      writeFileSync(`${started(node).path(namespace, pod, '/espalier/out')}/go`, '');
    },
  };
}

/** Resolves with the names of the pods of a namespace once so many run. */
export function podsRun(client: ApiClient, namespace: string, count: number): Promise<string[]> {
  return waitFor(
    async () => {
      const { items } = await podsIn(client, namespace);
      const running = items.filter(({ status }: Pod) => status?.phase === 'Running');
      return running.length === count && running.map(({ metadata }) => metadata.name ?? '');
    },
    { what: `${count} pods of ${namespace} run` },
  );
}
