import type { Experiment, ExperimentSpec, Trial } from '@espalier/api';
import type { ApiClient } from '../../kit/api-client.ts';
import { experimentsPath, trialsIn } from './objects.ts';

export interface EndState {
  readonly experiment: { readonly spec: ExperimentSpec; readonly [field: string]: unknown };
  readonly trials: readonly unknown[];
}

/** What an Experiment came to, without uids, times, versions and what is derived of them. */
export async function endState(
  client: ApiClient,
  namespace: string,
  name: string,
): Promise<EndState> {
  const { spec, status } = (await client.get(
    experimentsPath(namespace, name),
  )) as unknown as Experiment;
  const trials = (await trialsIn(client, namespace)).filter(({ metadata }) =>
    metadata.name.startsWith(`${name}-`),
  );
  return {
    experiment: {
      spec,
      phase: status?.phase,
      reason: status?.reason,
      message: status?.message,
      progress: status?.progress,
      counts: status?.trials,
      configurations: status?.configurations,
      best: status?.best && { ...status.best, checkpoint: undefined, csv: undefined },
      conditions: status?.conditions.map(({ type, status: is, reason }) => [type, is, reason]),
    },
    trials: trials.map(trialState),
  };
}

function trialState({ metadata, spec, status }: Trial): unknown {
  return {
    name: metadata.name,
    spec,
    phase: status?.phase,
    reason: status?.reason,
    message: status?.message,
    value: status?.observation?.value,
    attempts: status?.attempts.map(({ number, outcome, reason, message, exitCode }) => ({
      number,
      outcome,
      reason,
      message,
      exitCode,
    })),
  };
}
