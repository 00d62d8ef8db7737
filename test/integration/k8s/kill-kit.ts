import { join } from 'node:path';
import type { ControlPlane } from '../../kit/control-plane.ts';
import type { FaultPoint, FaultRule, SeenRequest } from '../../kit/fault-rules.ts';
import { type OwnProcess, startProcess } from '../../kit/own-process.ts';
import { createGate, type Gate } from '../../kit/wait.ts';

const main = join(import.meta.dirname, '../../../controller/src/main.ts');

export interface ProgramOptions {
  /** Of the process and its files; unique. */
  readonly name: string;
  readonly namespace: string;
  /** Of the API server or of a proxy in front of it. */
  readonly url: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the controller as a program of its own that looks after one namespace. */
export function startController(
  plane: ControlPlane,
  { name, namespace, url, flags = ['--leader-elect=false'], env = {} }: ProgramOptions,
): Promise<OwnProcess> {
  const kubeconfig = plane.writeKubeconfig(name, plane.token('admin'), { url, ca: plane.ca });
  return startProcess({
    name,
    command: process.execPath,
    args: [
      '--conditions=@espalier/source',
      main,
      `--kubeconfig=${kubeconfig}`,
      `--namespaces=${namespace}`,
      '--trainer-image=localhost/trainer:1',
      '--http-host=127.0.0.1',
      '--http-port=0',
      ...flags,
    ],
    env,
    logFile: plane.folder.file(`${name}.log`),
  });
}

/**
 * The same for the same write of any run: the verb and the object, whatever the namespace. Several
 * writes of a run have it, of which the n-th is meant.
 */
export function keyOf({ method, path, body }: SeenRequest): string {
  const [resource = ''] = (path.split(/\/namespaces\/[^/]+\//)[1] ?? path).split('?');
  if (method !== 'POST') return `${method} ${resource}`;
  const { metadata } = JSON.parse(body) as { metadata: { name?: string } };
  // An Event's name carries a time.
  return isEvent(path) ? `POST ${resource}` : `POST ${resource}/${metadata.name ?? ''}`;
}

export function isEvent(path: string): boolean {
  return /\/events(\/|\?|$)/.test(path);
}

/** One write of a run, by what it is. */
export interface WritePoint {
  readonly key: string;
  /** 1 for the first write of that key. */
  readonly nth: number;
}

/** All writes of a run, in their order. */
export function pointsOf(writes: readonly SeenRequest[]): WritePoint[] {
  const seen = new Map<string, number>();
  return writes.map((write) => {
    const key = keyOf(write);
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    return { key, nth };
  });
}

/** Stops that write at the proxy, before it is forwarded or before its answer is. */
export function holdAt(
  { key, nth }: WritePoint,
  point: FaultPoint,
): { readonly rule: FaultRule; readonly gate: Gate } {
  const gate = createGate();
  const rule: FaultRule = {
    name: `hold-${point}`,
    match: { write: true, where: (request) => keyOf(request) === key },
    fault: { kind: 'hold', point, gate },
    skip: nth - 1,
    times: 1,
  };
  return { rule, gate };
}
