import type { ApiClient } from '../../kit/api-client.ts';
import type { FakeBehaviour } from '../../kit/fake-pod.ts';
import type { FaultRule } from '../../kit/fault-rules.ts';
import type { Kwok } from '../../kit/kwok.ts';
import { waitFor } from '../../kit/wait.ts';
import { type EndState, endState } from './end-state.ts';
import {
  createExperiment,
  experimentEnded,
  experimentsPath,
  lastWords,
  makeNamespace,
  podsIn,
  scriptPods,
  trialsIn,
} from './objects.ts';
import { type PodWitness, watchPods } from './pod-witness.ts';

const PARALLEL = 2;
/** Pods of the sweep; two trials need a second attempt. */
const SWEEP_PODS = 6;

/**
 * What every kind of fault is tried on: a sweep of four trials with a program error, an eviction, a
 * trial that is stopped because another reached the target, and its deletion; beside it an Experiment
 * that is deleted while its pod runs.
 */
export const SUBJECT_SCRIPT: FaultRule = scriptPods(behaviourOf);

function behaviourOf(pod: string): FakeBehaviour {
  const runFor = '100ms';
  if (pod.startsWith('gone-')) return { runFor: 'never' };
  switch (pod) {
    case 'sweep-00000-a0':
      return { runFor, exitCode: 1 };
    case 'sweep-00000-a1':
      return { runFor, message: lastWords(0.3) };
    case 'sweep-00001-a0':
      return { runFor, ending: 'evict' };
    case 'sweep-00001-a1':
      return { runFor, message: lastWords(0.4) };
    case 'sweep-00002-a0':
      return { runFor: 'never', terminateExitCode: 10, message: lastWords(0.2) };
    default:
      return { runFor: 'never', message: lastWords(0.95) };
  }
}

export interface Subject {
  readonly namespace: string;
  readonly witness: PodWitness;
  /** The end state of the sweep, once it has ended. */
  readonly ended: Promise<EndState>;
  /** Resolves when both Experiments have ended and were deleted, and nothing of them is left. */
  readonly done: Promise<void>;
  /** What was wrong on the way; empty = nothing. */
  faults(): string[];
  close(): Promise<void>;
}

export interface SubjectOptions {
  readonly client: ApiClient;
  readonly kwok: Kwok;
  readonly namespace: string;
  readonly timeoutMs?: number;
  /** Runs when the sweep has ended, before it is deleted. */
  readonly onEnded?: () => Promise<void>;
}

/** Creates the Experiments and plays their users; a controller has to be started beside it. */
export async function startSubject(options: SubjectOptions): Promise<Subject> {
  const { client, namespace } = options;
  await makeNamespace(client, namespace);
  const witness = watchPods(client, namespace);
  await createExperiment(client, namespace, 'sweep', {
    objective: { metric: 'acc', goal: 'maximize', target: 0.9 },
    search: { algorithm: 'random', seed: 7 },
    trials: { max: 4, parallel: PARALLEL },
  });
  await createExperiment(client, namespace, 'gone', { trials: { max: 2, parallel: 1 } });
  const ended = endSweep(options, witness);
  ended.catch(() => {});
  const done = Promise.all([
    ended.then(() => remove(options, 'sweep')),
    endGone(options, witness),
  ]).then(() => undefined);
  done.catch(() => {});
  return {
    namespace,
    witness,
    ended,
    done,
    faults: () => faultsOf(witness),
    close: () => witness.close(),
  };
}

function faultsOf(witness: PodWitness): string[] {
  const found = [
    ...witness.twice().map((name) => `${name} was created twice`),
    ...witness.overlaps.map((pair) => `live at once: ${pair}`),
  ];
  const sweep = witness.created.filter((name) => name.startsWith('sweep-'));
  if (sweep.length !== SWEEP_PODS) found.push(`pods of the sweep: ${sweep.join(' ')}`);
  if (witness.peak('sweep') > PARALLEL) found.push(`${witness.peak('sweep')} pods at once`);
  if (witness.peak('gone') > 1) found.push(`${witness.peak('gone')} pods of one slot at once`);
  if (witness.pods.size > 0) found.push(`orphans: ${[...witness.pods.keys()].join(' ')}`);
  return found;
}

/** The last trial ends with the target only when the one to be stopped runs. */
async function endSweep(
  { client, kwok, namespace, timeoutMs = 60_000, onEnded }: SubjectOptions,
  witness: PodWitness,
): Promise<EndState> {
  const [stopped, last] = ['sweep-00002-a0', 'sweep-00003-a0'] as const;
  await waitFor(() => witness.isRunning(stopped) && witness.isRunning(last), {
    what: `both last trials of ${namespace} run`,
    timeoutMs,
  });
  await kwok.tell(namespace, last, { runFor: '0s' });
  await experimentEnded(client, namespace, 'sweep', timeoutMs);
  // Only the pod that failed by itself stays, for `kubectl logs`.
  await waitFor(
    () => {
      const left = [...witness.pods.values()].filter(({ metadata }) =>
        metadata.name?.startsWith('sweep-'),
      );
      const [kept] = left;
      return left.length === 1 && (kept?.metadata.finalizers ?? []).length === 0;
    },
    { what: `the pods of ${namespace} are let go`, timeoutMs },
  );
  await onEnded?.();
  return endState(client, namespace, 'sweep');
}

async function endGone(options: SubjectOptions, witness: PodWitness): Promise<void> {
  await waitFor(() => witness.isRunning('gone-00000-a0'), {
    what: `the trial to be deleted runs in ${options.namespace}`,
    timeoutMs: options.timeoutMs ?? 60_000,
  });
  await remove(options, 'gone');
}

async function remove(
  { client, namespace, timeoutMs = 60_000 }: SubjectOptions,
  name: string,
): Promise<void> {
  const path = experimentsPath(namespace, name);
  const isOurs = ({ metadata }: { metadata: { name?: string } }) =>
    metadata.name?.startsWith(`${name}-`);
  await client.remove(path);
  await waitFor(
    async () =>
      (await client.request('GET', path)).status === 404 &&
      !(await trialsIn(client, namespace)).some(isOurs) &&
      !(await podsIn(client, namespace)).items.some(isOurs),
    { what: `nothing is left of ${namespace}/${name}`, timeoutMs },
  );
}
