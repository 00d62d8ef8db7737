import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  API_VERSION,
  durationMs,
  type ExperimentStatus,
  isTerminalExperiment,
  TRAINER_ENV,
} from '@espalier/api';
import { EXPERIMENTS } from '../adapters/k8s/resources.ts';
import { required } from './arguments.ts';
import { oneTimeClient } from './one-time-client.ts';

const USAGE = `espalier-controller self-test: runs an Experiment of one trial and waits for its end.

  --image IMAGE       of the controller: it is its own trainer
  --namespace NAME    default: the pod's
  --timeout DURATION  default 4m
  --kubeconfig FILE   default: the ServiceAccount of the pod
`;

const PAUSE_MS = 1_000;
const REPORT = { seq: 1, step: 1, epoch: 1, values: { score: 1 }, time: 0 };
/** Leaves a result and ends. */
const PROGRAM = `require('node:fs').writeFileSync(process.env.${TRAINER_ENV.terminationLog}, '${JSON.stringify(REPORT)}')`;

/** Exit code 0: the Experiment has succeeded, and is deleted again. */
export async function selfTest(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean' },
      image: { type: 'string' },
      namespace: { type: 'string' },
      timeout: { type: 'string', default: '4m' },
      kubeconfig: { type: 'string' },
    },
  });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const image = required(values.image, '--image');
  const untilMs = performance.now() + durationMs(values.timeout);
  const { client, transport, namespace } = oneTimeClient(values.kubeconfig);
  const name = `self-test-${randomBytes(4).toString('hex')}`;
  const key = { namespace: values.namespace ?? namespace, name };
  const call = { signal: AbortSignal.timeout(durationMs(values.timeout) + 60_000) };
  try {
    const made = await client.create(EXPERIMENTS, key.namespace, experiment(name, image), call);
    process.stdout.write(`created experiment ${key.namespace}/${name}\n`);
    let status: ExperimentStatus | undefined;
    while (!isTerminalExperiment(status?.phase) && performance.now() < untilMs) {
      await sleep(PAUSE_MS);
      const seen = await client.get(EXPERIMENTS, key, call);
      status = seen?.['status'] as ExperimentStatus | undefined;
    }
    await client.remove(EXPERIMENTS, key, made.metadata.uid, call);
    const { phase = 'Pending', reason = '', message = '' } = status ?? {};
    process.stdout.write(`${phase} ${reason} ${message}\n`.replaceAll(/ +\n/g, '\n'));
    return phase === 'Succeeded' ? 0 : 1;
  } finally {
    transport.close();
  }
}

function experiment(name: string, image: string): object {
  return {
    apiVersion: API_VERSION,
    kind: EXPERIMENTS.kind,
    metadata: { name },
    spec: {
      objective: { metric: 'score', goal: 'maximize' },
      parameters: [{ name: 'seed', int: { value: 1 } }],
      trials: { max: 1 },
      attempts: { maxRetries: 0 },
      deadlines: { pending: '2m', startup: '2m', metrics: '2s' },
      trainer: {
        image,
        command: ['/app/node_modules/.bin/node', '-e', PROGRAM],
        resources: { cpu: '100m', memory: '128Mi' },
      },
    },
  };
}
