import { writeFileSync } from 'node:fs';
import {
  createInstallation,
  type Installation,
} from '../../controller/src/adapters/nats/installation.ts';
import { keyFiles } from '../../controller/src/adapters/nats/key-files.ts';
import {
  type ServerLayout,
  serverConfig,
} from '../../controller/src/adapters/nats/server-config.ts';
import { freePort } from './free-port.ts';
import { type OwnProcess, startProcess } from './own-process.ts';
import { makeStateFolder, type StateFolder } from './state-folder.ts';
import { toolPaths } from './tools.ts';
import { waitFor } from './wait.ts';

export interface NatsServerOptions {
  /** Of all streams together. @default 256 MiB */
  readonly maxFileBytes?: number;
  /** As a real installation does; slower. @default false */
  readonly syncAlways?: boolean;
  /** @default true; else {@link NatsServer.start} starts it */
  readonly started?: boolean;
}

/** A real nats-server with TLS, JetStream and the accounts of an installation. */
export interface NatsServer {
  readonly installation: Installation;
  readonly port: number;
  readonly url: string;
  /** Holds the keys as files, as `espalier-controller keys` writes them. */
  readonly folder: StateFolder;
  /** Where JetStream keeps its files. */
  readonly storeFolder: string;
  /** Starts it, again on the same data and port; resolves when it serves. */
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /** Writes the keys and the configuration of a changed installation and lets the server read it, as it runs. */
  reload(installation: Installation): Promise<void>;
  /** Stops everything. With `failed` the logs stay and their folder is printed. */
  stop(options?: { readonly failed?: boolean }): Promise<void>;
}

/** Starts a nats-server on a free port with its own keys; needs no root. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const tools = await toolPaths(['nats-server']);
  const folder = makeStateFolder('nats');
  const port = await freePort();
  const installation = await createInstallation(['127.0.0.1', 'localhost']);
  const layout: ServerLayout = {
    host: '127.0.0.1',
    port,
    certificateFile: folder.file('server.crt'),
    keyFile: folder.file('server.key'),
    storeFolder: folder.file('store'),
    maxFileBytes: options.maxFileBytes ?? 256 * 2 ** 20,
    syncAlways: options.syncAlways ?? false,
  };
  const write = (name: string, text: string) =>
    writeFileSync(folder.file(name), text, { mode: 0o600 });
  const writeAll = (keys: Installation) => {
    for (const [name, text] of Object.entries(keyFiles(keys))) write(name, text);
    write('nats.conf', serverConfig(keys, layout));
  };
  writeAll(installation);
  let server: OwnProcess | undefined;

  const countInLog = (text: string): number =>
    (server?.tail(Number.MAX_SAFE_INTEGER).split(text).length ?? 1) - 1;
  const start = async (): Promise<void> => {
    const before = countInLog('Server is ready');
    const own = await startProcess({
      name: 'nats-server',
      command: tools['nats-server'],
      args: ['-c', folder.file('nats.conf')],
      logFile: folder.file('nats-server.log'),
    });
    server = own;
    await waitFor(() => countInLog('Server is ready') > before, {
      what: 'nats-server is ready',
      unless: () => own.whyEnded(),
    });
  };
  const stop = async ({ failed = false } = {}): Promise<void> => {
    await server?.stop();
    folder.remove({ keepLogs: failed });
  };
  if (options.started !== false) {
    await start().catch(async (error) => {
      await stop({ failed: true });
      throw error;
    });
  }
  return {
    installation,
    port,
    url: `tls://127.0.0.1:${port}`,
    folder,
    storeFolder: layout.storeFolder,
    start,
    kill: async () => {
      await server?.kill();
    },
    pause: () => server?.pause(),
    resume: () => server?.resume(),
    reload: async (changed) => {
      const before = countInLog('Reloaded');
      writeAll(changed);
      server?.signal('SIGHUP');
      await waitFor(() => countInLog('Reloaded') > before, { what: 'nats-server has reloaded' });
    },
    stop,
  };
}
