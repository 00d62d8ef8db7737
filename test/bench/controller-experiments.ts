import type { Experiment, ExperimentSpec } from '@espalier/api';
import { createExperiment, experimentsPath } from '../integration/k8s/objects.ts';
import type { ApiClient } from '../kit/api-client.ts';
import { follow } from '../kit/follow.ts';
import type { KubeObject } from '../kit/kube-types.ts';
import type { Case } from './controller-cases.ts';

export const NAMESPACE = 'bench';

const PARAMETERS = Array.from({ length: 10 }, (_, i) => ({
  name: `x${i}`,
  float: { min: 0, max: 1 },
}));

/** The Experiments of a case, from their creation to the end of the last one. */
export class Experiments {
  readonly #client: ApiClient;
  readonly #case: Case;
  readonly #found = new Map<string, Experiment>();
  #largestBytes = 0;

  constructor(client: ApiClient, one: Case) {
    this.#client = client;
    this.#case = one;
  }

  /** Size of the largest one at its largest, as JSON. */
  get largestBytes(): number {
    return this.#largestBytes;
  }

  /** Trials that have ended, as the Experiments count them. */
  get counted(): number {
    return [...this.#found.values()].reduce(
      (sum, { status }) => sum + (status?.configurations?.completed ?? 0),
      0,
    );
  }

  async create(algorithm: string): Promise<void> {
    const { experiments, trials, parallel } = this.#case;
    for (let number = 0; number < experiments; number++) {
      await createExperiment(this.#client, NAMESPACE, nameOf(number), {
        objective: { metric: 'acc', goal: 'maximize' },
        parameters: PARAMETERS,
        search: { algorithm: algorithm as ExperimentSpec['search']['algorithm'] },
        trials: { max: trials, parallel },
      });
    }
  }

  async cancel(): Promise<void> {
    for (let number = 0; number < this.#case.experiments; number++) {
      await this.#client.patch(experimentsPath(NAMESPACE, nameOf(number)), 'merge-patch', {
        spec: { desiredState: 'Cancel' },
      });
    }
  }

  /** Resolves when all have ended; `onChange` runs after every change of one. */
  async ended(onChange: () => void, signal: AbortSignal): Promise<void> {
    const path = experimentsPath(NAMESPACE);
    for await (const { object } of follow<KubeObject>(this.#client, path, signal)) {
      const experiment = object as unknown as Experiment;
      this.#largestBytes = Math.max(this.#largestBytes, JSON.stringify(object).length);
      this.#found.set(experiment.metadata.name, experiment);
      onChange();
      const over = [...this.#found.values()].filter(isOver).length;
      if (over === this.#case.experiments) return;
    }
    signal.throwIfAborted();
  }
}

function nameOf(number: number): string {
  return `e${number}`;
}

function isOver({ status }: Experiment): boolean {
  return ['Succeeded', 'Failed', 'Cancelled'].includes(status?.phase ?? '');
}
