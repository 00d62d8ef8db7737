import { mkdirSync } from 'node:fs';
import { freePort } from './free-port.ts';
import { type OwnProcess, startProcess } from './own-process.ts';
import { makeStateFolder } from './state-folder.ts';
import { toolPaths } from './tools.ts';
import { waitFor } from './wait.ts';

/** A real S3 server with one empty bucket. */
export interface Versitygw {
  readonly url: string;
  readonly bucket: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly process: OwnProcess;
  /** Ends it; its files go, or after a failure its log stays. */
  stop(options?: { readonly failed?: boolean }): Promise<void>;
}

/** Starts versitygw on a free port of 127.0.0.1, with its objects in a temporary folder. */
export async function startVersitygw(): Promise<Versitygw> {
  const { versitygw: command } = await toolPaths(['versitygw']);
  const folder = makeStateFolder('s3');
  const bucket = 'espalier';
  // A folder of the root is a bucket. Attributes go beside it, since tmpfs may refuse them.
  mkdirSync(folder.file('objects', bucket), { recursive: true });
  mkdirSync(folder.file('attributes'));
  const credentials = { accessKeyId: 'espalier', secretAccessKey: 'only-for-tests' };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const process = await startProcess({
    command,
    args: [
      '--port',
      `127.0.0.1:${port}`,
      'posix',
      '--sidecar',
      folder.file('attributes'),
      folder.file('objects'),
    ],
    env: {
      ROOT_ACCESS_KEY: credentials.accessKeyId,
      ROOT_SECRET_KEY: credentials.secretAccessKey,
    },
    cwd: folder.path,
    logFile: folder.file('versitygw.log'),
  });
  // Any answer will do: without a signature it is a refusal.
  await waitFor(async () => (await fetch(url)).status > 0, {
    what: 'versitygw answers',
    unless: () => process.whyEnded(),
  });
  return {
    url,
    bucket,
    region: 'us-east-1',
    credentials,
    process,
    stop: async ({ failed = false } = {}) => {
      await process.kill();
      folder.remove({ keepLogs: failed });
    },
  };
}
