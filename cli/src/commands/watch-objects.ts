import { type Experiment, isTerminalTrial, mainObjective, type Trial } from '@espalier/api';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalid } from '../failure.ts';
import { keyOf } from '../key.ts';
import { findTrial, needExperiment, unknownName } from '../location.ts';
import type { OutputOptions } from '../output.ts';
import { exitOf, vanished } from '../run/exit-of.ts';
import { type LookOptions, lookAtExperiment, type Watchable } from '../run/look-at-experiment.ts';
import { type Look, polled, streamed } from '../run/looks.ts';
import { printLooks } from '../run/object-lines.ts';
import type { Snapshot } from '../run/snapshot.ts';
import { unlessInterrupted } from '../run/unless-interrupted.ts';
import type { Surroundings } from '../surroundings.ts';
import { chooseTrials } from '../view/choose-trials.ts';
import { orderBy } from '../view/ranking.ts';
import { trialRow } from '../view/trial-row.ts';
import type { ListOptions } from './list.ts';
import type { TrialsOptions } from './trials.ts';
import { followingOf, type WatchOptions, withWatchable } from './watch.ts';

/** Prints Experiments as they change, as JSON lines; only a signal ends it. */
export async function watchList(
  surroundings: Surroundings,
  options: ListOptions,
): Promise<ExitCode> {
  needJson(options);
  const following = await followingOf(surroundings, options);
  const { allNamespaces = false } = options;
  return withWatchable(surroundings, options, (client, { namespace }) => {
    const ofPlace = (all: readonly Experiment[]) =>
      all.filter(({ metadata }) => allNamespaces || metadata.namespace === namespace);
    return unlessInterrupted(surroundings.signals, async (signal) => {
      await printLooks(surroundings, lookAtAll(client, following, signal), ofPlace, signal);
      return EXIT.ok;
    });
  });
}

async function* lookAtAll(
  client: Watchable,
  { slowestMs, isPassing, isDenied }: Omit<LookOptions, 'now'>,
  signal: AbortSignal,
): AsyncGenerator<Look<readonly Experiment[]>> {
  const news = client.watchExperiments?.();
  if (news !== undefined) yield* streamed(news, isDenied);
  const read = () => client.experiments();
  const versionOf = (all: readonly Experiment[]) =>
    all.map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`).join();
  yield* polled({ read, versionOf, slowestMs, isPassing }, signal);
}

/** Prints an Experiment or a Trial as it changes, until it has ended; exits as an Experiment ended. */
export async function watchOne(
  surroundings: Surroundings,
  name: string,
  options: WatchOptions & OutputOptions,
): Promise<ExitCode> {
  return followed(surroundings, options, async (client, place) => {
    const key = keyOf(name, place);
    const experiment = await client.experiment(key);
    if (experiment !== undefined) {
      return { experiment, objectsOf: (seen) => [seen.experiment], endOf: endOfExperiment };
    }
    const found = await findTrial(client, key);
    if (found === undefined) throw await unknownName(client, key, 'Experiment or Trial');
    const { uid } = found.view.trial.metadata;
    const own = ({ trials }: Snapshot): readonly Trial[] =>
      trials.map(({ trial }) => trial).filter(({ metadata }) => metadata.uid === uid);
    return {
      experiment: found.experiment,
      objectsOf: own,
      endOf: (seen) => {
        const [trial] = own(seen);
        if (trial === undefined) throw vanished(key.name);
        const isOver = isTerminalTrial(trial.status?.phase) || endOfExperiment(seen) !== undefined;
        return isOver ? EXIT.ok : undefined;
      },
    };
  });
}

/** Prints the chosen Trials as they change, until their Experiment has ended; exits as that ended. */
export async function watchTrials(
  surroundings: Surroundings,
  name: string,
  options: TrialsOptions,
): Promise<ExitCode> {
  return followed(surroundings, options, async (client, place) => {
    const experiment = await needExperiment(client, keyOf(name, place));
    const order = orderBy(options.sort ?? 'value', mainObjective(experiment.spec).goal);
    return {
      experiment,
      objectsOf: (seen) => {
        const rows = seen.trials.map((view) => trialRow(seen.experiment, view, seen.atMs));
        const chosen = chooseTrials(seen.experiment, rows.toSorted(order), options);
        return chosen.slice(0, options.limit).map(({ trial }) => trial);
      },
      endOf: endOfExperiment,
    };
  });
}

interface Followed {
  readonly experiment: Experiment;
  readonly objectsOf: (seen: Snapshot) => readonly (Experiment | Trial)[];
  /** How to exit; undefined as long as it goes on. */
  readonly endOf: (seen: Snapshot) => ExitCode | undefined;
}

async function followed(
  surroundings: Surroundings,
  options: WatchOptions & OutputOptions,
  choose: (client: Watchable, place: { readonly namespace: string }) => Promise<Followed>,
): Promise<ExitCode> {
  needJson(options);
  const { signals, now } = surroundings;
  const following = await followingOf(surroundings, options);
  return withWatchable(surroundings, options, async (client, place) => {
    const { experiment, objectsOf, endOf } = await choose(client, place);
    return unlessInterrupted(signals, async (signal) => {
      const looks = lookAtExperiment(client, experiment.metadata, { ...following, now }, signal);
      const last = await printLooks(surroundings, untilEnd(looks, endOf), objectsOf, signal);
      const exitCode = last && endOf(last);
      if (exitCode === undefined) throw vanished(experiment.metadata.name);
      return exitCode;
    });
  });
}

async function* untilEnd(
  looks: AsyncIterable<Look<Snapshot>>,
  endOf: Followed['endOf'],
): AsyncGenerator<Look<Snapshot>> {
  for await (const look of looks) {
    yield look;
    if (look.kind === 'seen' && endOf(look.seen) !== undefined) return;
  }
}

function endOfExperiment({ experiment }: Snapshot): ExitCode | undefined {
  return exitOf(experiment);
}

function needJson({ output }: OutputOptions): void {
  if (output === undefined || output === 'json') return;
  throw invalid(`--watch prints JSON lines, and no ${output}`, [
    'leave out -o; the live table of an Experiment is espalier watch NAME',
  ]);
}
