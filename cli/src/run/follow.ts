import { setTimeout as sleep } from 'node:timers/promises';
import type { Experiment } from '@espalier/api';
import type { LocalClient } from '@espalier/controller/local';
import { printLeaderboard } from '../commands/trials.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Key } from '../key.ts';
import type { Surroundings } from '../surroundings.ts';
import { chooseDisplay } from './choose-display.ts';
import { exitOf, vanished } from './exit-of.ts';
import { tellResult } from './farewell.ts';
import { EXIT_OF } from './interrupts.ts';
import { JsonDisplay } from './json-display.ts';
import type { RunDisplay, Snapshot } from './snapshot.ts';

export interface Following {
  readonly json: boolean;
  /** Where files lie on this machine; none of a cluster's do. */
  readonly place: { readonly dir?: string };
  /** How often to look while nothing changes, at most. */
  readonly slowestMs: number;
  /** Whether an error may be over the next time; the others end the following. */
  readonly isPassing: (error: unknown) => boolean;
}

const FASTEST_MS = 500;
/** A server that takes long to answer is asked so much more seldom. */
const REST_PER_READ = 5;

/**
 * Shows an Experiment as a run does until it has ended, and returns its exit code. Ctrl-C ends only the
 * looking.
 *
 * @param uid Of the Experiment that is meant: another one of its name is none of our business.
 * @throws {Failure} if it is deleted meanwhile.
 */
export async function follow(
  surroundings: Surroundings,
  client: LocalClient,
  { namespace, name, uid }: Key & { readonly uid: string },
  following: Following,
): Promise<ExitCode> {
  const { stdout, stderr, now, signals } = surroundings;
  const display = chooseDisplay(surroundings, following.json);
  const stop = new AbortController();
  const interrupted = Promise.withResolvers<ExitCode>();
  const subscription = signals.on((signal) => {
    interrupted.resolve(EXIT_OF[signal]);
    stop.abort();
  });
  let last: Snapshot | undefined;
  const read = async (): Promise<Snapshot> => {
    const experiment = await client.experiment({ namespace, name });
    if (experiment === undefined || experiment.metadata.uid !== uid) throw vanished(name);
    const trials = await client.trials({ namespace, name });
    return { experiment, trials, atMs: now() };
  };
  const show = (snapshot: Snapshot) => {
    last = snapshot;
    display.update(snapshot);
  };
  const look: Look = { read, show, display, isDriven: () => client.isDriven(), name };
  const ended = untilEnded(look, following, stop.signal);
  // After an interrupt nobody waits for it any more.
  ended.catch(() => {});
  try {
    const exitCode = await Promise.race([ended, interrupted.promise]);
    display.close();
    if (last === undefined) return exitCode;
    const hasEnded = exitOf(last.experiment) !== undefined;
    if (display instanceof JsonDisplay) {
      if (hasEnded) display.end(last, exitCode, following.place);
      return exitCode;
    }
    if (hasEnded) {
      printLeaderboard(stdout, stderr, last);
      tellResult(stderr, last);
    } else {
      stderr.write(`${name} goes on; look again with: espalier watch ${name}\n`);
    }
    return exitCode;
  } finally {
    stop.abort();
    subscription.off();
    display.close();
  }
}

interface Look {
  readonly read: () => Promise<Snapshot>;
  readonly show: (snapshot: Snapshot) => void;
  readonly display: RunDisplay;
  readonly isDriven: () => Promise<boolean>;
  readonly name: string;
}

async function untilEnded(
  { read, show, display, isDriven, name }: Look,
  { slowestMs, isPassing }: Following,
  signal: AbortSignal,
): Promise<ExitCode> {
  let pauseMs = FASTEST_MS;
  let version = '';
  let isAway = false;
  let wasDriven = true;
  for (;;) {
    const begun = performance.now();
    try {
      const snapshot = await read();
      signal.throwIfAborted();
      if (isAway) display.notice('it answers again');
      isAway = false;
      show(snapshot);
      const exitCode = exitOf(snapshot.experiment);
      if (exitCode !== undefined) return exitCode;
      const isRun = await isDriven();
      if (wasDriven && !isRun)
        display.notice(`nobody runs ${name} now: espalier run goes on with it`);
      wasDriven = isRun;
      const next = versionOf(snapshot.experiment, snapshot);
      pauseMs = next === version ? pauseMs * 1.5 : FASTEST_MS;
      version = next;
    } catch (error) {
      if (signal.aborted || !isPassing(error)) throw error;
      const why = error instanceof Error ? error.message : String(error);
      if (!isAway) display.notice(`${why}; trying again`);
      isAway = true;
      pauseMs *= 2;
    }
    const rest = REST_PER_READ * (performance.now() - begun);
    pauseMs = Math.min(pauseMs, slowestMs);
    await sleep(Math.max(pauseMs, Math.min(rest, 10 * slowestMs)), undefined, { signal });
  }
}

/** Equal as long as nobody has written anything. */
function versionOf({ metadata }: Experiment, { trials }: Snapshot): string {
  return [metadata, ...trials.map(({ trial }) => trial.metadata)]
    .map(({ resourceVersion }) => resourceVersion)
    .join();
}
