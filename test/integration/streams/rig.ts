import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { Installation } from '../../../controller/src/adapters/nats/installation.ts';
import { keyFiles } from '../../../controller/src/adapters/nats/key-files.ts';
import { ObjectStore } from '../../../controller/src/adapters/s3/object-store.ts';
import type { ApiClient } from '../../kit/api-client.ts';
import type { ControlPlane, ControlPlaneOptions } from '../../kit/control-plane.ts';
import {
  CONTROLLER_ACCOUNT,
  CONTROLLER_NAMESPACE,
  installControllerAccount,
} from '../../kit/controller-account.ts';
import { type FaultProxy, startFaultProxy } from '../../kit/fault-proxy.ts';
import { type NatsServer, type NatsServerOptions, startNatsServer } from '../../kit/nats-server.ts';
import {
  type ProcessNode,
  type ProcessNodeOptions,
  startProcessNode,
} from '../../kit/process-node/process-node.ts';
import { started, useCluster, watchOutcome } from '../../kit/suite.ts';
import { startTcpProxy, type TcpProxy } from '../../kit/tcp-proxy.ts';
import { startVersitygw, type Versitygw } from '../../kit/versitygw.ts';
import { waitFor } from '../../kit/wait.ts';
import { applyCrds, makeNamespace } from '../k8s/objects.ts';
import { type ControllerProcess, startController } from './controller-process.ts';

const ROOT = join(import.meta.dirname, '../../..');
const NODE = [process.execPath, '--conditions=@espalier/source'];

/** The folder of the bucket that is the installation's. */
export const S3_PREFIX = 'tenants/one';

export const IMAGE = {
  /** Our own trainer. */
  trainer: 'localhost/trainer:1',
  courier: 'localhost/courier:1',
  /** `programs/quick-trainer.ts`. */
  quick: 'localhost/quick:1',
} as const;

/** Flags of a controller whose successor takes over within seconds. */
export const QUICK_LEASE = {
  'lease-duration': '5s',
  'renew-deadline': '3500ms',
  'retry-period': '500ms',
} as const;

/** Every server of an installation, and the controller as a program; readable from the first test on. */
export interface StreamsRig {
  readonly plane: ControlPlane;
  readonly client: ApiClient;
  readonly node: ProcessNode;
  readonly nats: NatsServer;
  /** Between NATS and everybody. */
  readonly natsProxy: TcpProxy;
  readonly s3: Versitygw;
  /** Between S3 and everybody. */
  readonly s3Proxy: FaultProxy;
  /** The bucket, straight. */
  readonly store: ObjectStore;
  readonly controllers: readonly ControllerProcess[];
  /** Starts one more replica. */
  startController(flags?: Readonly<Record<string, string>>): Promise<ControllerProcess>;
  /** The replica that leads now. */
  leader(): Promise<ControllerProcess>;
  /** A namespace of a test's own. */
  namespace(name: string): Promise<void>;
}

export interface StreamsRigOptions extends ControlPlaneOptions {
  readonly nats?: NatsServerOptions;
  /** All files are text, so that rules may change what is uploaded. @default false */
  readonly textFiles?: boolean;
  readonly onVolume?: ProcessNodeOptions['onVolume'];
  /** More flags for every controller. */
  readonly flags?: Readonly<Record<string, string>>;
}

/** Starts everything before the tests of the enclosing suite and stops it after them. */
export function useStreams(options: StreamsRigOptions): StreamsRig {
  const { nats = {}, flags = {}, textFiles = false, onVolume, ...plane } = options;
  const cluster = useCluster({ ...plane, nodes: false });
  const servers = { nats: undefined as NatsServer | undefined };
  let [node, natsProxy, s3, s3Proxy, store]: [
    ProcessNode?,
    TcpProxy?,
    Versitygw?,
    FaultProxy?,
    ObjectStore?,
  ] = [];
  const controllers: ControllerProcess[] = [];
  const outcome = watchOutcome();

  before(async () => {
    [servers.nats, s3, node] = await Promise.all([
      startNatsServer({ maxFileBytes: 64 * 2 ** 30, ...nats }),
      startVersitygw(),
      startProcessNode(cluster.plane, { images: images(), onVolume }),
      applyCrds(cluster.plane),
      installControllerAccount(cluster.plane),
    ]);
    natsProxy = await startTcpProxy({ port: servers.nats.port });
    s3Proxy = await startFaultProxy({ upstream: s3.url, keepBodies: textFiles });
    store = new ObjectStore({
      endpoint: s3.url,
      bucket: s3.bucket,
      region: s3.region,
      credentials: s3.credentials,
      pathStyle: true,
    });
    await rig.startController();
  });
  after(async () => {
    await Promise.all(controllers.map(({ process }) => process.kill()));
    await node?.stop(outcome);
    store?.close();
    await Promise.all([natsProxy?.close(), s3Proxy?.close()]);
    await Promise.all([servers.nats?.stop(outcome), s3?.stop(outcome)]);
  });

  const rig: StreamsRig = {
    get plane() {
      return cluster.plane;
    },
    get client() {
      return cluster.plane.client;
    },
    get node() {
      return started(node);
    },
    get nats() {
      return started(servers.nats);
    },
    get natsProxy() {
      return started(natsProxy);
    },
    get s3() {
      return started(s3);
    },
    get s3Proxy() {
      return started(s3Proxy);
    },
    get store() {
      return started(store);
    },
    controllers,
    startController: async (more = {}) => {
      const name = `controller-${controllers.length}`;
      const { s3, plane } = rig;
      const replica = await startController({
        name,
        flags: { ...(await settings(rig, name)), ...flags, ...more },
        env: {
          AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
        },
        logFile: plane.folder.file(`${name}.log`),
      });
      controllers.push(replica);
      return replica;
    },
    leader: () =>
      waitFor(
        async () => {
          const running = controllers.filter(({ process }) => process.end === undefined);
          for (const one of running) if (await one.leads()) return one;
          return undefined;
        },
        { what: 'a controller leads' },
      ),
    namespace: (name) => makeNamespace(cluster.plane.client, name),
  };
  return rig;
}

/** The flags of every controller: it has the rights of `manifests/rbac` and no others. */
async function settings(rig: StreamsRig, name: string): Promise<Record<string, string>> {
  const { plane, s3, s3Proxy, natsProxy } = rig;
  const token = await plane.serviceAccountToken(CONTROLLER_NAMESPACE, CONTROLLER_ACCOUNT);
  return {
    kubeconfig: plane.writeKubeconfig(name, token),
    'lease-namespace': CONTROLLER_NAMESPACE,
    'trainer-image': IMAGE.trainer,
    'courier-image': IMAGE.courier,
    'nats-servers': `127.0.0.1:${natsProxy.port}`,
    'nats-keys': writeKeys(rig, rig.nats.installation),
    's3-bucket': s3.bucket,
    's3-prefix': S3_PREFIX,
    's3-region': s3.region,
    's3-endpoint': s3Proxy.url,
    's3-path-style': 'true',
  };
}

/** Writes the files of `espalier-controller keys`, each at once; returns their folder. */
export function writeKeys({ nats }: Pick<StreamsRig, 'nats'>, installation: Installation): string {
  const folder = nats.folder.file('keys');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(keyFiles(installation))) {
    writeFileSync(join(folder, `.${name}`), text, { mode: 0o600 });
    renameSync(join(folder, `.${name}`), join(folder, name));
  }
  return folder;
}

/** What a program of this repository runs on a process node instead of an image. */
function images() {
  const source = (path: string) => [...NODE, join(ROOT, path)];
  const compileCache = { NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/espalier-tests') };
  const quick = source('test/integration/streams/programs/quick-trainer.ts');
  return {
    [IMAGE.trainer]: { entrypoint: [...source('trainer-image/src/main.ts'), 'trial'] },
    [IMAGE.courier]: { entrypoint: source('courier/src/main.ts'), env: compileCache },
    [IMAGE.quick]: { entrypoint: quick, env: compileCache },
  };
}
