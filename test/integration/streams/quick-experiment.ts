import { writeFileSync } from 'node:fs';
import type { Experiment, ExperimentSpec } from '@espalier/api';
import type { ApiClient } from '../../kit/api-client.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  createExperiment,
  experimentEnded,
  experimentsPath,
  podsIn,
  trialsIn,
} from '../k8s/objects.ts';
import { sampleOf } from './controller-process.ts';
import { IMAGE, type StreamsRig } from './rig.ts';

type Spec = NonNullable<Parameters<typeof createExperiment>[3]>;

/** How long and how densely the trainers of an Experiment report. */
export interface Pace {
  readonly epochs: number;
  readonly steps: number;
  readonly epochMs: number;
}

const PACE: Pace = { epochs: 4, steps: 5, epochMs: 100 };

interface Options extends Spec {
  readonly pace?: Partial<Pace>;
  /** The last values of the trials, in order. @default what random search chooses */
  readonly tops?: readonly number[];
}

/** Applies an Experiment of quick trainers. */
export async function applyQuick(
  { client }: StreamsRig,
  namespace: string,
  { pace = {}, tops, ...spec }: Options = {},
): Promise<Experiment> {
  const fixed = Object.entries({ ...PACE, ...pace });
  const parameters = [
    { name: 'top', float: tops === undefined ? { min: 0.1, max: 0.9 } : { values: tops } },
    ...fixed.map(([name, value]) => ({ name, int: { value } })),
    ...(spec.parameters ?? []),
  ] as ExperimentSpec['parameters'];
  const created = await createExperiment(client, namespace, 'e', {
    objective: { metric: 'valid_acc', goal: 'maximize' },
    trials: { max: tops?.length ?? 4, parallel: 2, maxFailed: 0 },
    ...(tops === undefined ? {} : { search: { algorithm: 'grid' } }),
    ...spec,
    parameters,
    trainer: { image: IMAGE.quick, gracePeriod: '20s', ...spec.trainer },
  });
  return created as unknown as Experiment;
}

/** Resolves with an Experiment that has ended; fails at once if it did not succeed. */
export async function succeeded(
  { client }: StreamsRig,
  namespace: string,
  timeoutMs = 40_000,
): Promise<Experiment> {
  try {
    const ended = await experimentEnded(client, namespace, 'e', timeoutMs);
    if (ended.status?.phase === 'Succeeded') return ended;
    throw new Error(`${namespace}/e ended as ${JSON.stringify(ended.status)}`);
  } catch (error) {
    throw new Error(`${String(error)}\n${await describe(client, namespace)}`, { cause: error });
  }
}

/** The Trials and pods of a namespace, for the message of a test that fails. */
async function describe(client: ApiClient, namespace: string): Promise<string> {
  const { items } = await podsIn(client, namespace);
  return [...(await trialsIn(client, namespace)), ...items]
    .map(({ metadata, status }) => `${metadata.name}: ${JSON.stringify(status)}`)
    .join('\n');
}

export async function experimentIn({ client }: StreamsRig, namespace: string): Promise<Experiment> {
  return (await client.get(experimentsPath(namespace, 'e'))) as unknown as Experiment;
}

/** Lets a trainer that holds go on, once it runs. */
export async function release({ node }: StreamsRig, namespace: string, pod: string): Promise<void> {
  await waitFor(
    () => {
      writeFileSync(node.path(namespace, pod, '/espalier/run/go'), '');
      return true;
    },
    { what: `pod ${pod} is there` },
  );
}

/** Resolves once the controller has folded something of the first trial. */
export async function isFolding(rig: StreamsRig, namespace: string): Promise<void> {
  const leader = await rig.leader();
  const labels = { namespace, trial: 'e-00000' };
  await waitFor(
    async () => sampleOf(await leader.metrics(), 'espalier_trial_step', labels) !== undefined,
    { what: 'the first points are folded' },
  );
}
