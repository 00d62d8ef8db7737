import {
  type Experiment,
  mainObjective,
  type TrainerTask,
  type Trial,
  type TrialStatus,
} from '@espalier/api';
import { rungMilestones } from '@espalier/search';
import { trackedMetrics } from '../domain/experiment/goals.ts';
import { stopRuleOf } from '../domain/experiment/stop-rule.ts';
import { mayDonate, memberMilestones, populationOf } from '../domain/population/population.ts';
import { NEW_STATUS } from '../domain/trial/ledger.ts';
import { parentLostStatus, refusedStatus } from '../domain/trial/plan.ts';
import type { StatusChange, TrialAction } from '../domain/trial/plan-types.ts';
import { transition } from '../domain/trial/transition.ts';
import type { Call, PodRequest } from '../ports/cluster.ts';
import { ConflictError, TerminalError } from '../ports/errors.ts';
import type { FeedInterest } from '../ports/metrics-feed.ts';
import { attemptsOf } from './attempts-of.ts';
import type { ExperimentIndex } from './experiment-index.ts';
import type { LogKeeper } from './log-keeper.ts';
import type { ControllerPorts } from './ports.ts';
import type { ObservedTrial } from './trial-observer.ts';

/** After the store failed a Trial, it is called down for as long as the Trial may back off. */
const STORE_DOWN_MS = 60_000;

/**
 * Carries out one step of a Trial's plan; each is idempotent.
 *
 * @returns a status to write instead of the plan's, if the step came to a final no.
 */
export async function executeTrialAction(
  action: TrialAction,
  observed: ObservedTrial,
  ports: ControllerPorts,
  index: ExperimentIndex,
  logs: LogKeeper,
  call: Call,
): Promise<StatusChange | undefined> {
  const { trial, experiment, memory } = observed;
  switch (action.kind) {
    case 'follow':
      if (experiment === undefined) return undefined;
      memory.followedSinceMs = ports.clock.now();
      ports.feed.follow(interestOf(experiment, trial));
      return undefined;
    case 'forget':
      ports.feed.forget(trial.metadata.uid);
      if (action.isRecorded) ports.recovery?.discard(attemptsOf(trial));
      return undefined;
    case 'create-pod':
      return createPod(action.attempt, observed, ports, index, call);
    case 'delete-pod':
      await ports.cluster.deletePod(action.pod, { force: action.force }, call);
      return undefined;
    case 'release-pod':
      if (experiment !== undefined) await logs.keep(experiment, trial, action.pod, call);
      await ports.cluster.releasePod(action.pod, call);
      return undefined;
    case 'confirm-gone':
      if (await ports.cluster.isPodGone(trial, action.attempt, call)) return undefined;
      throw new ConflictError(`the cache does not show the pod of attempt ${action.attempt}`);
    case 'recover':
      if (experiment === undefined) return undefined;
      await useStore('read the reports of', observed, ports, index, async () =>
        ports.recovery?.recover(experiment, trial, action.attempt, call),
      );
      return undefined;
    case 'require-donor':
      return requireDonor(action, observed, ports, index, call);
    case 'inspect':
    case 'drop-checkpoints': {
      if (experiment === undefined) return undefined;
      const { artifacts } = ports;
      if (action.kind === 'inspect') await keepLog(action.attempt, observed, logs, call);
      await useStore(action.kind, observed, ports, index, () =>
        action.kind === 'inspect'
          ? artifacts.inspect(experiment, trial, action.attempt, call)
          : artifacts.dropCheckpoints(experiment, trial, call),
      );
      return undefined;
    }
    default:
      return assertNever(action);
  }
}

/** Before the record is made, so that it can name the log. */
async function keepLog(
  attempt: number,
  { experiment, trial, snapshot }: ObservedTrial,
  logs: LogKeeper,
  call: Call,
): Promise<void> {
  const pod = snapshot.pods.find((one) => one.attempt === attempt);
  if (experiment === undefined || pod === undefined) return;
  await logs.keep(experiment, trial, pod, call);
}

/** A store that does not answer keeps the judgement waiting and nothing else. */
async function requireDonor(
  { among, otherwise }: Extract<TrialAction, { kind: 'require-donor' }>,
  observed: ObservedTrial,
  ports: ControllerPorts,
  index: ExperimentIndex,
  call: Call,
): Promise<StatusChange | undefined> {
  const { experiment, entry } = observed;
  if (experiment === undefined || entry === undefined) return undefined;
  for (const number of among) {
    const [donor] = entry.progress.trialsOf(number);
    if (donor === undefined || !mayDonate(donor)) continue;
    const found = await useStore('find a donor for', observed, ports, index, () =>
      ports.artifacts.donorPoint(experiment, donor, call),
    );
    if (found !== undefined) return undefined;
  }
  return { status: otherwise, write: 'record' };
}

async function createPod(
  attempt: number,
  observed: ObservedTrial,
  ports: ControllerPorts,
  index: ExperimentIndex,
  call: Call,
): Promise<StatusChange | undefined> {
  const { trial, experiment, entry } = observed;
  if (experiment === undefined || entry === undefined) return undefined;
  const { parallel } = experiment.spec.trials;
  // Before anything that waits, so that no two Trials take the same slot (G14).
  if (!entry.slots.reserve(trial.metadata.uid, parallel)) {
    throw new ConflictError('another trial took the slot');
  }
  const profileName = experiment.spec.trainer.profile;
  const { namespace } = experiment.metadata;
  const profile =
    profileName === undefined ? undefined : ports.cluster.profile({ namespace, name: profileName });
  const resumeFrom =
    attempt === 0 && trial.spec.parent === undefined
      ? undefined
      : await useStore('find the checkpoint of', observed, ports, index, () =>
          ports.artifacts.resumePoint(experiment, trial, attempt, call),
        );
  if (trial.spec.parent !== undefined && resumeFrom === undefined) {
    const before = trial.status ?? NEW_STATUS;
    const status = transition(before, parentLostStatus(before, ports.clock.now()));
    return status && { status, write: 'record' };
  }
  const request: PodRequest = {
    experiment,
    trial,
    attempt,
    task: taskOf(experiment, trial, attempt),
    parameters: experiment.spec.parameters,
    ...(profile === undefined ? {} : { profile }),
    ...(resumeFrom === undefined ? {} : { resumeFrom }),
  };
  try {
    await index.starting(entry, trial, () => ports.cluster.createPod(request, call));
    return undefined;
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error;
    const before: TrialStatus = trial.status ?? NEW_STATUS;
    const status = transition(before, refusedStatus(before, error.message, ports.clock.now()));
    return status && { status, write: 'record' };
  }
}

/** Uses the store on the Trial's behalf, and lets the Experiment know whether it answered. */
async function useStore<T>(
  what: string,
  { trial, entry }: ObservedTrial,
  { clock }: ControllerPorts,
  index: ExperimentIndex,
  work: () => Promise<T>,
): Promise<T> {
  try {
    const answer = await work();
    if (entry !== undefined) index.storeAnswered(entry);
    return answer;
  } catch (error) {
    const message = `${what} ${trial.metadata.name}: ${String(error)}`;
    if (entry !== undefined) index.storeFailed(entry, message, clock.now() + STORE_DOWN_MS);
    throw error;
  }
}

function interestOf({ spec, metadata }: Experiment, trial: Trial): FeedInterest {
  const population = populationOf(spec);
  const [{ metric, goal }, ...others] = trackedMetrics(spec);
  return {
    experimentUid: metadata.uid,
    trialUid: trial.metadata.uid,
    namespace: metadata.namespace,
    trialName: trial.metadata.name,
    metric,
    goal,
    ...(others.length === 0 ? {} : { others }),
    resource: population?.resource ?? spec.earlyStopping?.resource ?? 'epoch',
    milestones:
      population === undefined
        ? rungMilestones(stopRuleOf(spec, trial.spec.configuration))
        : memberMilestones(population, trial.spec),
  };
}

function taskOf({ spec, metadata }: Experiment, trial: Trial, attempt: number): TrainerTask {
  const { metric, goal } = mainObjective(spec);
  return {
    namespace: metadata.namespace,
    experiment: metadata.name,
    trial: trial.metadata.name,
    uid: trial.metadata.uid,
    attempt,
    parameters: trial.spec.parameters,
    objective: { metric, goal },
    checkpoint: { everyEpochs: spec.artifacts.checkpoint.everyEpochs },
  };
}

function assertNever(action: never): never {
  throw new TypeError(`unknown action ${JSON.stringify(action)}`);
}
