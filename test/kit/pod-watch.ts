import type { ApiClient } from './api-client.ts';
import { follow } from './follow.ts';
import type { Pod } from './kube-types.ts';

/** What was seen of the pods of one Experiment. */
interface Group {
  /** Name and uid of every pod that ever was. */
  readonly created: Map<string, string>;
  readonly live: Set<string>;
  peak: number;
  /** Times at which a slot came free that no new pod has taken. */
  readonly freed: number[];
}

/**
 * Follows all pods of a control plane: how many live at once, which names came twice, and how long a
 * free slot waits for its next pod. Both ends of that time are watch events, equally late.
 */
export class PodWatch {
  readonly turnaroundsMs: number[] = [];
  /** Names that were given to a second pod: an attempt that ran twice. */
  readonly twice: string[] = [];
  readonly #groups = new Map<string, Group>();
  readonly #waiting = new Map<string, () => void>();
  readonly #client: ApiClient;
  #live = 0;
  #peak = 0;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** Follows until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const { type, object } of follow<Pod>(this.#client, '/api/v1/pods', signal)) {
      this.#see(object, type === 'DELETED');
    }
  }

  /** Resolves when the pod of that name has ended; call it before the pod is created. */
  ended(name: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(name, resolve));
  }

  get live(): number {
    return this.#live;
  }

  /** Most pods alive at once, of all Experiments together. */
  get peak(): number {
    return this.#peak;
  }

  /** Most pods that one Experiment had alive at once. */
  get largestPeak(): number {
    return Math.max(0, ...[...this.#groups.values()].map(({ peak }) => peak));
  }

  /** Most pods that this Experiment had alive at once. */
  peakOf(namespace: string, experiment: string): number {
    return this.#groups.get(`${namespace}/${experiment}`)?.peak ?? 0;
  }

  /** Pods that an Experiment's trials ever had. */
  get created(): number {
    return [...this.#groups.values()].reduce((sum, { created }) => sum + created.size, 0);
  }

  #see({ metadata, status }: Pod, isGone: boolean): void {
    const { namespace = '', name = '', uid = '' } = metadata;
    const isOver = isGone || status?.phase === 'Succeeded' || status?.phase === 'Failed';
    if (isOver) {
      this.#waiting.get(name)?.();
      this.#waiting.delete(name);
    }
    const experiment = /^(.+)-\d{5}-a\d+$/.exec(name)?.[1];
    if (experiment === undefined) return;
    const group = this.#groupOf(`${namespace}/${experiment}`);
    if (isOver) {
      if (!group.live.delete(uid)) return;
      this.#live--;
      group.freed.push(performance.now());
      return;
    }
    const known = group.created.get(name);
    if (known === uid) return;
    if (known !== undefined) this.twice.push(name);
    group.created.set(name, uid);
    group.live.add(uid);
    this.#live++;
    group.peak = Math.max(group.peak, group.live.size);
    this.#peak = Math.max(this.#peak, this.#live);
    const freedAt = group.freed.shift();
    if (freedAt !== undefined) this.turnaroundsMs.push(performance.now() - freedAt);
  }

  #groupOf(experiment: string): Group {
    let group = this.#groups.get(experiment);
    if (group === undefined) {
      group = { created: new Map(), live: new Set(), peak: 0, freed: [] };
      this.#groups.set(experiment, group);
    }
    return group;
  }
}
