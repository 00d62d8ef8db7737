import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiClient, ApiError } from '../api-client.ts';
import type { ObjectMeta } from '../kube-types.ts';
import { podPath } from '../pods.ts';

const RETRY_MS = 200;

/** What a kubelet tells the API server of one pod, again and again until it is heard. */
export class PodWriter {
  readonly #client: ApiClient;
  readonly #path: string;
  readonly #uid: string | undefined;
  readonly #isGone: () => boolean;

  constructor(client: ApiClient, { namespace = '', name, uid }: ObjectMeta, isGone: () => boolean) {
    this.#client = client;
    this.#path = podPath(namespace, name);
    this.#uid = uid;
    this.#isGone = isGone;
  }

  /** Conditions of others stay. */
  status(status: object): Promise<void> {
    const body = { metadata: { uid: this.#uid }, status };
    return this.#tell(() =>
      this.#client.patch(`${this.#path}/status`, 'strategic-merge-patch', body),
    );
  }

  /** The last word: the pod may go as soon as nobody holds it by a finalizer. */
  confirmDeletion(): Promise<void> {
    return this.#tell(() =>
      this.#client.remove(this.#path, {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        gracePeriodSeconds: 0,
        preconditions: { uid: this.#uid },
      }),
    );
  }

  async #tell(say: () => Promise<unknown>): Promise<void> {
    while (!this.#isGone()) {
      try {
        await say();
        return;
      } catch (error) {
        if (await this.#isPointless(error)) return;
        await sleep(RETRY_MS);
      }
    }
  }

  /** Whether nobody is left to hear it: the pod is gone, or another one has its name. */
  async #isPointless(error: unknown): Promise<boolean> {
    if (!(error instanceof ApiError) || error.status === 429 || error.status >= 500) return false;
    if (error.status === 404) return true;
    if (error.status !== 409) throw error;
    const found = await this.#client.request('GET', this.#path).catch(() => undefined);
    if (found?.status !== 200) return found?.status === 404;
    return JSON.parse(found.text).metadata.uid !== this.#uid;
  }
}
