import type { ApiClient } from '../kit/api-client.ts';
import type { PodWatch } from '../kit/pod-watch.ts';
import { createPod } from '../kit/pods.ts';

/** How fast a plain loop takes bare pods from create to their end; nothing is counted or deleted. */
export class Floor {
  readonly #client: ApiClient;
  readonly #pods: PodWatch;
  #made = 0;
  #seconds = 0;

  constructor(client: ApiClient, pods: PodWatch) {
    this.#client = client;
    this.#pods = pods;
  }

  /** Takes `count` pods to their end, `atOnce` in flight. */
  async run(count: number, atOnce: number): Promise<void> {
    const began = performance.now();
    let left = count;
    const work = async (): Promise<void> => {
      while (left > 0) {
        left--;
        const name = `floor-${this.#made++}`;
        const ended = this.#pods.ended(name);
        await createPod(this.#client, name, { gpus: 0 });
        await ended;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    this.#seconds += (performance.now() - began) / 1000;
  }

  /** Of all runs together; undefined = there was none. */
  get podsPerSec(): number | undefined {
    return this.#made === 0 ? undefined : this.#made / this.#seconds;
  }
}
