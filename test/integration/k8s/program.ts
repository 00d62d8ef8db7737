import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterAccess } from '../../../controller/src/adapters/k8s/access.ts';
import type { RequestReport } from '../../../controller/src/adapters/k8s/transport.ts';
import {
  type KubernetesController,
  type KubernetesOptions,
  startKubernetes,
} from '../../../controller/src/kubernetes.ts';
import type { Clock, Logger } from '../../../controller/src/ports/telemetry.ts';
import type { ControlPlane } from '../../kit/control-plane.ts';

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, { signal }) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  },
};

/** Keeps the lines; nothing is printed unless a test wants to. */
export class KeptLog implements Logger {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: object }[];
  readonly #fixed: object;

  constructor(lines: KeptLog['lines'] = [], fixed: object = {}) {
    this.lines = lines;
    this.#fixed = fixed;
  }

  info(message: string, fields: object = {}): void {
    this.lines.push({ level: 'info', message, fields: { ...this.#fixed, ...fields } });
  }

  warn(message: string, fields: object = {}): void {
    this.lines.push({ level: 'warn', message, fields: { ...this.#fixed, ...fields } });
  }

  error(message: string, fields: object = {}): void {
    this.lines.push({ level: 'error', message, fields: { ...this.#fixed, ...fields } });
  }

  with(fields: object): KeptLog {
    return new KeptLog(this.lines, { ...this.#fixed, ...fields });
  }
}

/** Access by the administrator's token, straight or through a proxy. */
export function tokenAccess(plane: ControlPlane, url = plane.url, user = 'admin'): ClusterAccess {
  return bearerAccess(plane, url, plane.token(user));
}

/** Access by any bearer token, such as a service account's. */
export function bearerAccess({ ca }: ControlPlane, url: string, token: string): ClusterAccess {
  return {
    server: new URL(url),
    credentials: async () => ({
      ca,
      rejectUnauthorized: true,
      headers: { Authorization: `Bearer ${token}` },
    }),
  };
}

export interface Program {
  readonly controller: KubernetesController;
  readonly log: KeptLog;
  readonly requests: RequestReport[];
  /** Reconciles that ended in an error. */
  readonly errors: () => number;
  stop(): Promise<void>;
}

/** The controller of this process, on a real API server. */
export function startProgram(
  access: ClusterAccess,
  options: Partial<KubernetesOptions> = {},
): Program {
  const stop = new AbortController();
  const log = new KeptLog();
  const requests: RequestReport[] = [];
  let errors = 0;
  const controller = startKubernetes(
    {
      access,
      namespaces: [],
      defaults: { trainerImage: 'localhost/trainer:1' },
      identity: `test-${process.pid}-${Math.random()}`,
      clock: realClock,
      log,
      telemetry: {
        reconciled: (_name, outcome) => {
          if (outcome === 'error') errors++;
        },
        queueDepth: () => {},
        queueWait: () => {},
      },
      onRequest: (report) => requests.push(report),
      ...options,
    },
    stop.signal,
  );
  controller.done.catch(() => {});
  return {
    controller,
    log,
    requests,
    errors: () => errors,
    stop: async () => {
      stop.abort();
      await controller.done.catch(() => {});
    },
  };
}
