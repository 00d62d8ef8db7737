import type { Experiment } from '@espalier/api';
import type { LocalClient } from '@espalier/controller/local';
import type { ExperimentPicture, WatchNews } from '@espalier/controller/remote';
import type { Key } from '../key.ts';
import { exitOf, vanished } from './exit-of.ts';
import { type Look, type Polling, polled, streamed } from './looks.ts';
import type { Snapshot } from './snapshot.ts';

/** One Experiment: another one of its name is none of our business. */
export type Subject = Key & { readonly uid: string };

/** Where it is looked at; a cluster tells by itself what happens. */
export interface Watchable extends LocalClient {
  watchExperiment?(subject: Subject): AsyncIterable<WatchNews<ExperimentPicture>>;
  watchExperiments?(): AsyncIterable<WatchNews<readonly Experiment[]>>;
}

export interface LookOptions extends Pick<Polling<Snapshot>, 'slowestMs' | 'isPassing'> {
  readonly isDenied: (error: unknown) => boolean;
  readonly now: () => number;
}

/**
 * Looks at an Experiment until it has ended; the last look is the end, read at one moment.
 *
 * @throws {Failure} if it is deleted meanwhile.
 */
export async function* lookAtExperiment(
  client: Watchable,
  subject: Subject,
  { slowestMs, isPassing, isDenied, now }: LookOptions,
  signal: AbortSignal,
): AsyncGenerator<Look<Snapshot>> {
  const { name, uid } = subject;
  const checked = ({ experiment, trials }: ExperimentPicture): Snapshot => {
    if (experiment === undefined || experiment.metadata.uid !== uid) throw vanished(name);
    return { experiment, trials: trials.map((trial) => ({ trial })), atMs: now() };
  };
  const news = client.watchExperiment?.(subject);
  if (news !== undefined) {
    for await (const look of streamed(news, isDenied)) {
      if (look.kind !== 'seen') yield look;
      else {
        const snapshot = checked(look.seen);
        // The Trials may have been told of less than their Experiment: the end is read anew.
        if (exitOf(snapshot.experiment) !== undefined) break;
        yield { kind: 'seen', seen: snapshot };
      }
    }
  }
  const read = async (): Promise<Snapshot> => {
    const experiment = await client.experiment(subject);
    if (experiment === undefined || experiment.metadata.uid !== uid) throw vanished(name);
    return { experiment, trials: await client.trials(subject), atMs: now() };
  };
  let wasDriven = true;
  for await (const look of polled({ read, versionOf, slowestMs, isPassing }, signal)) {
    yield look;
    if (look.kind !== 'seen') continue;
    if (exitOf(look.seen.experiment) !== undefined) return;
    const isRun = await client.isDriven();
    if (wasDriven !== isRun) yield isRun ? driven(name) : undriven(name);
    wasDriven = isRun;
  }
}

function undriven(name: string): Look<never> {
  return { kind: 'trouble', text: `nobody runs ${name} now: espalier run goes on with it` };
}

function driven(name: string): Look<never> {
  return { kind: 'settled', text: `${name} is run again` };
}

function versionOf({ experiment, trials }: Snapshot): string {
  return [experiment.metadata, ...trials.map(({ trial }) => trial.metadata)]
    .map(({ resourceVersion }) => resourceVersion)
    .join();
}
