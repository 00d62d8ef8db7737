import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import type { KubeList, KubeObject, WatchEvent } from './kube-types.ts';
import type { Credential } from './kubeconfig.ts';

/** What the server answered. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** The server answered with a status of 300 or more. */
export class ApiError extends Error {
  readonly status: number;
  constructor(method: string, path: string, { status, text }: ApiResponse) {
    super(`${method} ${path} answered ${status}: ${text.slice(0, 500)}`);
    this.status = status;
  }
}

export type PatchType = 'json-patch' | 'merge-patch' | 'strategic-merge-patch' | 'apply-patch';

export interface RequestOptions {
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** A plain client for tests: one request, one answer, no cache, no retries. */
export interface ApiClient {
  /** Resolves with whatever the server answers; rejects only if there is no answer. */
  request(method: string, path: string, options?: RequestOptions): Promise<ApiResponse>;
  /** @throws {ApiError} like all that follow, unless the status is below 300. */
  get<T extends KubeObject>(path: string): Promise<T>;
  list<T extends KubeObject>(path: string): Promise<KubeList<T>>;
  create<T extends KubeObject>(path: string, object: object): Promise<T>;
  replace<T extends KubeObject>(path: string, object: object): Promise<T>;
  patch<T extends KubeObject>(path: string, type: PatchType, body: unknown): Promise<T>;
  remove(path: string, options?: object): Promise<void>;
  /** Yields the events of a watch until the server or the signal ends it. */
  watch<T extends KubeObject>(path: string, signal?: AbortSignal): AsyncGenerator<WatchEvent<T>>;
  /** Closes the connections that wait for the next request. */
  close(): void;
}

/** Creates a client of an API server or of a proxy in front of it. */
export function createApiClient(server: string, ca: string, credential: Credential): ApiClient {
  const agent = new HttpsAgent({
    keepAlive: true,
    maxSockets: 64,
    ca,
    ...(credential.kind === 'certificate'
      ? { cert: credential.pair.certificate, key: credential.pair.key }
      : {}),
  });
  const authorization: Record<string, string> =
    credential.kind === 'token' ? { authorization: `Bearer ${credential.token}` } : {};
  return clientOf({ server, agent, send: httpsRequest, headers: authorization });
}

/** Creates a client of a `kubectl proxy`, which adds the credentials of a kubeconfig. */
export function createProxiedClient(server: string): ApiClient {
  const agent = new HttpAgent({ keepAlive: true, maxSockets: 64 });
  return clientOf({ server, agent, send: httpRequest, headers: {} });
}

interface Connection {
  readonly server: string;
  readonly agent: HttpAgent;
  readonly send: typeof httpRequest;
  /** With every request. */
  readonly headers: Readonly<Record<string, string>>;
}

function clientOf({ server, agent, send, headers }: Connection): ApiClient {
  const open = async (method: string, path: string, options: RequestOptions) => {
    const { body, contentType = 'application/json', signal } = options;
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = send(new URL(path, server), {
      method,
      agent,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(payload === undefined
          ? {}
          : { 'content-type': contentType, 'content-length': String(payload.length) }),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    request.once('response', resolve);
    request.once('error', reject);
    request.end(payload);
    return promise;
  };

  const request = async (method: string, path: string, options: RequestOptions = {}) => {
    const response = await open(method, path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  };

  const json = async <T>(method: string, path: string, options?: RequestOptions): Promise<T> => {
    const response = await request(method, path, options);
    if (response.status >= 300) throw new ApiError(method, path, response);
    return JSON.parse(response.text) as T;
  };

  return {
    request,
    get: (path) => json('GET', path),
    list: (path) => json('GET', path),
    create: (path, body) => json('POST', path, { body }),
    replace: (path, body) => json('PUT', path, { body }),
    patch: (path, type, body) =>
      json('PATCH', path, {
        body,
        contentType:
          type === 'apply-patch' ? `application/${type}+yaml` : `application/${type}+json`,
      }),
    remove: async (path, options) => {
      await json('DELETE', path, options === undefined ? {} : { body: options });
    },
    watch: async function* <T extends KubeObject>(path: string, signal?: AbortSignal) {
      const response = await open('GET', path, signal === undefined ? {} : { signal });
      try {
        if (response.statusCode !== 200) {
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk as Buffer);
          const text = Buffer.concat(chunks).toString('utf8');
          const { statusCode: status = 0, headers } = response;
          throw new ApiError('GET', path, { status, headers, text });
        }
        for await (const line of createInterface({ input: response })) {
          yield JSON.parse(line) as WatchEvent<T>;
        }
      } finally {
        response.destroy();
      }
    },
    close: () => agent.destroy(),
  };
}
