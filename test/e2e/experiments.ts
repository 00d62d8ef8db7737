import type { Experiment, Trial } from '@espalier/api';
import { experimentsPath, podsIn, trialsIn } from '../integration/k8s/objects.ts';
import type { KubeObject, Pod } from '../kit/kube-types.ts';
import { waitFor } from '../kit/wait.ts';
import type { Kubernetes } from './kubernetes.ts';

/** Where the trials of the suite run: Pod Security `restricted` is enforced there. */
export const TEAM = 'espalier-e2e';
export const DATA_SET = 'digits';

const SLOW_MS = 12 * 60_000;
const fixed = (values: Readonly<Record<string, number>>) =>
  Object.entries(values).map(([name, value]) => ({ name, int: { value } }));

/**
 * Two learning rates that learn and two that do not. Below three values a rung stops nobody, so the
 * first two go on whichever is faster, and the others are behind both.
 */
const SWEEP = {
  objective: { metric: 'valid_acc', goal: 'maximize' },
  parameters: [
    { name: 'lr', float: { values: [3e-3, 2e-3, 1e-7, 1e-8] } },
    { name: 'schedule', string: { value: 'cosine' } },
    { name: 'width', float: { value: 0.15 } },
    ...fixed({ epochs: 12, patience: 12, batchSize: 32, imageSize: 32, classes: 10, seed: 6666 }),
  ],
  search: { algorithm: 'grid' },
  earlyStopping: { algorithm: 'asha', resource: 'epoch', min: 1, max: 12, eta: 4, minRungSize: 3 },
  trials: { max: 4, parallel: 2, maxFailed: 0 },
  trainer: { resources: { gpu: 1, memory: '2Gi' } },
  data: { s3: { key: `${DATA_SET}.tar` } },
};

/** More trials than faults can take; it ends when it is told to. Half a CPU each makes them last. */
const ENDURANCE = {
  objective: { metric: 'valid_acc', goal: 'maximize' },
  parameters: [
    { name: 'lr', float: { min: 1e-3, max: 1e-2, scale: 'log' } },
    { name: 'width', float: { value: 0.1 } },
    ...fixed({ epochs: 60, patience: 60, batchSize: 32, imageSize: 32, classes: 10, seed: 6666 }),
    ...fixed({ trainLimit: 500, validLimit: 100 }),
  ],
  trials: { max: 60, parallel: 2, maxFailed: 0 },
  trainer: { resources: { gpu: 1, cpu: '500m', memory: '2Gi' } },
  artifacts: { checkpoint: { everyEpochs: 5 } },
  data: { s3: { key: `${DATA_SET}.tar` } },
};

/** Comes when the GPUs are taken, and needs several times the memory that it gets. */
const HUNGRY = {
  objective: { metric: 'valid_acc', goal: 'maximize' },
  parameters: fixed({ imageSize: 32, classes: 10 }),
  trials: { max: 1, maxFailed: 0 },
  trainer: { resources: { gpu: 1, memory: '128Mi' } },
  data: { s3: { key: `${DATA_SET}.tar` } },
};

export const EXPERIMENTS = { digits: SWEEP, endurance: ENDURANCE, hungry: HUNGRY } as const;
export type Name = keyof typeof EXPERIMENTS;

/** The suite's Experiments, as a user sees them. */
export class Experiments {
  readonly #kubernetes: Kubernetes;

  constructor(kubernetes: Kubernetes) {
    this.#kubernetes = kubernetes;
  }

  /** @param more fields besides the spec's own, as a newer version of the chart knows them. */
  async apply(name: Name, more: object = {}): Promise<void> {
    const manifest = {
      apiVersion: 'espalier.dev/v1alpha1',
      kind: 'Experiment',
      metadata: { name, namespace: TEAM },
      spec: { ...EXPERIMENTS[name], ...more },
    };
    await this.#kubernetes.kubectl(['apply', '-f', '-'], JSON.stringify(manifest));
  }

  async get(name: Name): Promise<Experiment> {
    const path = experimentsPath(TEAM, name);
    return (await this.#kubernetes.client.get<KubeObject>(path)) as unknown as Experiment;
  }

  /** In the order of their indices. */
  async trials(name: Name): Promise<readonly Trial[]> {
    const all = await trialsIn(this.#kubernetes.client, TEAM);
    return all
      .filter(({ metadata }) => metadata.name.startsWith(`${name}-`))
      .sort((a, b) => a.spec.index - b.spec.index);
  }

  async pods(name: Name): Promise<readonly Pod[]> {
    const { items } = await podsIn(this.#kubernetes.client, TEAM);
    return items.filter(({ metadata }) => metadata.labels?.['espalier.dev/experiment'] === name);
  }

  /** Resolves with what `pick` finds among the Trials; a failed Experiment ends the wait. */
  async untilTrial<T>(
    name: Name,
    what: string,
    pick: (trials: readonly Trial[]) => T | undefined,
  ): Promise<NonNullable<T>> {
    let over: string | undefined;
    const found = await waitFor(
      async () => {
        const picked = pick(await this.trials(name));
        const { status } = await this.get(name);
        if (status?.phase === 'Failed') over = `${name} has failed: ${status.message}`;
        return picked ?? undefined;
      },
      { what, timeoutMs: SLOW_MS, maxPauseMs: 300, unless: () => over },
    );
    return found as NonNullable<T>;
  }

  /** Resolves with the Experiment once it is final. */
  untilEnded(name: Name): Promise<Experiment> {
    return waitFor(
      async () => {
        const found = await this.get(name);
        return ['Succeeded', 'Failed', 'Cancelled'].includes(found.status?.phase ?? '') && found;
      },
      { what: `${name} has ended`, timeoutMs: SLOW_MS, maxPauseMs: 500 },
    );
  }
}
