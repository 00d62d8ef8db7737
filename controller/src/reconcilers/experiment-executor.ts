import { type Experiment, LIMITS, type Trial } from '@espalier/api';
import type { ExperimentAction } from '../domain/experiment/snapshot.ts';
import { allBegun } from '../domain/experiment/state.ts';
import {
  replicateTrial,
  suggestedTrial,
  suggestionInput,
} from '../domain/experiment/suggestion.ts';
import { trialsCsv } from '../domain/experiment/trials-csv.ts';
import { populationOf } from '../domain/population/population.ts';
import { promotedStatus } from '../domain/trial/promote.ts';
import { trialEvents } from '../domain/trial/trial-events.ts';
import type { Call } from '../ports/cluster.ts';
import { ConflictError } from '../ports/errors.ts';
import { attemptsOf } from './attempts-of.ts';
import { createMember } from './create-member.ts';
import { createRacer } from './create-racer.ts';
import type { ExperimentEntry, ExperimentIndex } from './experiment-index.ts';
import type { ControllerPorts } from './ports.ts';
import type { Searcher } from './searcher.ts';

const STORE_RETRY_MS = 10_000;

export interface ExecutionContext {
  readonly ports: ControllerPorts;
  readonly index: ExperimentIndex;
  readonly searcher: Searcher;
  readonly entry: ExperimentEntry;
  readonly call: Call;
}

/** Thrown when the world turned out other than planned: observe and plan again, at once. */
export class PlanAgain extends Error {}

/**
 * Carries out one step of an Experiment's plan; each is idempotent.
 *
 * @returns the Experiment as it is afterwards.
 * @throws {PlanAgain} if the artifact store or the search said no: the plan depends on that.
 */
export async function executeExperimentAction(
  action: ExperimentAction,
  experiment: Experiment,
  context: ExecutionContext,
): Promise<Experiment> {
  const { ports, entry, call } = context;
  const { cluster, artifacts } = ports;
  switch (action.kind) {
    case 'set-finalizer':
      return cluster.setFinalizer(experiment, action.present, call);
    case 'create-trial':
      await createTrial(action.index, experiment, context);
      return experiment;
    case 'promote-trial':
      await promoteTrial(action, context);
      return experiment;
    case 'publish-best':
      await useStore(context, 'publish-best', () =>
        artifacts.publishBest(experiment, action.best, call),
      );
      return experiment;
    case 'publish-trials': {
      const trials = entry.progress.all();
      const csv = trialsCsv(experiment.spec, trials);
      await useStore(context, 'publish-trials', async () => {
        await artifacts.publishRecord(experiment, trials, call);
        await artifacts.publishTrials(experiment, csv, call);
      });
      return experiment;
    }
    case 'delete-artifacts':
      await useStore(context, 'delete-artifacts', () => artifacts.deleteAll(experiment, call));
      return experiment;
    case 'delete-pod':
      await cluster.deletePod(action.pod, { force: false }, call);
      return experiment;
    case 'release-pod':
      await cluster.releasePod(action.pod, call);
      return experiment;
    case 'delete-trial':
      await cluster.deleteTrial(action.trial, call);
      ports.feed.forget(action.trial.metadata.uid);
      ports.recovery?.discard(attemptsOf(action.trial));
      return experiment;
    case 'delete-experiment':
      await cluster.deleteExperiment(experiment, call);
      return experiment;
    default:
      return assertNever(action);
  }
}

/** Creates the next Trial, with the results and the running ones that are known now. */
async function createTrial(
  index: number,
  experiment: Experiment,
  context: ExecutionContext,
): Promise<void> {
  const { ports, index: folds, searcher, entry, call } = context;
  const { progress, problem } = entry;
  if (problem === undefined) return;
  // The answer to the Trial before decides: a fault may have made the rest of a configuration moot.
  if (index !== progress.nextIndex || index >= LIMITS.trials) throw new PlanAgain();
  const population = populationOf(experiment.spec);
  if (population !== undefined && index >= population.size) {
    const keep = (donor: Trial, child: number) =>
      useStore(context, 'keep-donor', () =>
        ports.artifacts.keepDonor(experiment, donor, child, call),
      );
    const vacancy = { experiment, population, problem, entry, keep };
    folds.applyTrial(entry, await createMember(index, vacancy, ports.cluster, call));
    return;
  }
  if (progress.race !== undefined) {
    const { race } = progress;
    const canBegin = allBegun({ ...entry, experiment }) === undefined;
    const racing = { experiment, race, progress, problem, searcher, canBegin };
    const created = await createRacer(index, racing, ports.cluster, call);
    if (created.kind === 'exhausted') entry.exhausted = created.reason;
    if (created.kind !== 'created') throw new PlanAgain();
    folds.applyTrial(entry, created.trial);
    return;
  }
  const { replicates } = progress;
  const configuration = Math.floor(index / replicates);
  const [sibling] = progress.trialsOf(configuration);
  if (sibling !== undefined) {
    const spec = replicateTrial(experiment.spec, index, replicates, sibling.spec);
    folds.applyTrial(entry, await ports.cluster.createTrial(experiment, spec, call));
    return;
  }
  const { history, basis } = suggestionInput(problem, progress, configuration);
  const suggestion = await searcher.suggest(problem, history, configuration, call);
  if (suggestion.kind === 'exhausted') {
    entry.exhausted = suggestion.reason;
    throw new PlanAgain();
  }
  const spec = suggestedTrial(experiment.spec, index, replicates, suggestion, basis);
  const created = await ports.cluster.createTrial(experiment, spec, call);
  folds.applyTrial(entry, created);
  if (created.spec.index !== index) throw new ConflictError(`trial ${index} is another one`);
}

/** The rungs that say who may go on are read and written by one at a time, as they are judged. */
async function promoteTrial(
  { index, isEnd }: Extract<ExperimentAction, { kind: 'promote-trial' }>,
  { ports, index: folds, entry, call }: ExecutionContext,
): Promise<void> {
  await entry.judging.pass(async () => {
    const { progress } = entry;
    const next = progress.rungs.promotable(isEnd);
    const trial = progress.active.get(index);
    if (next?.index !== index || trial?.status === undefined) throw new PlanAgain();
    const arrivals = progress.rungs.arrivals(trial.spec.configuration, next.milestone);
    const status = promotedStatus(trial.status, arrivals);
    if (status === undefined) throw new PlanAgain();
    folds.applyTrial(entry, await ports.cluster.writeTrialStatus(trial, status, 'record', call));
    const { namespace, name, uid } = trial.metadata;
    for (const event of trialEvents(trial.status, status)) {
      ports.events.emit({ kind: 'Trial', namespace, name, uid, ...event });
    }
  });
}

async function useStore<T>(
  { ports, entry, index }: ExecutionContext,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    const answer = await work();
    index.storeAnswered(entry);
    return answer;
  } catch (error) {
    ports.log.warn('the artifact store failed', { what, error: String(error) });
    const retryAtMs = ports.clock.now() + STORE_RETRY_MS;
    index.storeFailed(entry, `${what}: ${String(error)}`, retryAtMs);
    throw new PlanAgain(what, { cause: error });
  }
}

function assertNever(action: never): never {
  throw new TypeError(`unknown action ${JSON.stringify(action)}`);
}
