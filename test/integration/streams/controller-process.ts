import { join } from 'node:path';
import { freePort } from '../../kit/free-port.ts';
import { type OwnProcess, startProcess } from '../../kit/own-process.ts';
import { waitFor } from '../../kit/wait.ts';

const MAIN = join(import.meta.dirname, '../../../controller/src/main.ts');

/** The controller as a program. */
export interface ControllerProcess {
  readonly name: string;
  readonly process: OwnProcess;
  readonly url: string;
  /** Its page of metrics. */
  metrics(): Promise<string>;
  leads(): Promise<boolean>;
}

export interface ControllerOptions {
  readonly name: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** Starts a controller; resolves when its caches are filled. It leads when its turn has come. */
export async function startController(options: ControllerOptions): Promise<ControllerProcess> {
  const { name, flags, env, logFile } = options;
  const port = await freePort();
  const all = { ...flags, 'http-host': '127.0.0.1', 'http-port': String(port) };
  const process = await startProcess({
    name,
    command: globalThis.process.execPath,
    args: [
      '--conditions=@espalier/source',
      MAIN,
      ...Object.entries(all).map(([flag, value]) => `--${flag}=${value}`),
    ],
    env,
    logFile,
  });
  const url = `http://127.0.0.1:${port}`;
  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  await waitFor(async () => (await fetch(`${url}/readyz`)).status === 200, {
    what: `${name} is ready`,
    unless: process.whyEnded,
  });
  return {
    name,
    process,
    url,
    metrics,
    leads: async () => /^espalier_leader 1$/m.test(await metrics()),
  };
}

/** The value of a series of a metrics page; undefined if it has none with these labels. */
export function sampleOf(
  page: string,
  family: string,
  labels: Readonly<Record<string, string>>,
): number | undefined {
  const wanted = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  const line = page
    .split('\n')
    .find((text) => text.startsWith(`${family}{`) && wanted.every((label) => text.includes(label)));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}
