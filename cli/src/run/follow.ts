import { printLeaderboard } from '../commands/trials.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Surroundings } from '../surroundings.ts';
import { chooseDisplay } from './choose-display.ts';
import { exitOf, vanished } from './exit-of.ts';
import { tellResult } from './farewell.ts';
import { EXIT_OF } from './interrupts.ts';
import { JsonDisplay } from './json-display.ts';
import {
  type LookOptions,
  lookAtExperiment,
  type Subject,
  type Watchable,
} from './look-at-experiment.ts';
import type { Snapshot } from './snapshot.ts';

export interface Following extends Omit<LookOptions, 'now'> {
  readonly json: boolean;
  /** Where files lie on this machine; none of a cluster's do. */
  readonly place: { readonly dir?: string };
}

/**
 * Shows an Experiment as a run does until it has ended, and returns its exit code. Ctrl-C ends only the
 * looking.
 *
 * @throws {Failure} if it is deleted meanwhile.
 */
export async function follow(
  surroundings: Surroundings,
  client: Watchable,
  subject: Subject,
  following: Following,
): Promise<ExitCode> {
  const { stdout, stderr, now, signals } = surroundings;
  const { name } = subject;
  const display = chooseDisplay(surroundings, following.json);
  const stop = new AbortController();
  const interrupted = Promise.withResolvers<ExitCode>();
  const subscription = signals.on((signal) => {
    interrupted.resolve(EXIT_OF[signal]);
    stop.abort();
  });
  let last: Snapshot | undefined;
  const untilEnded = async (): Promise<ExitCode> => {
    const looks = lookAtExperiment(client, subject, { ...following, now }, stop.signal);
    for await (const look of looks) {
      // What comes after an interrupt is not shown any more.
      stop.signal.throwIfAborted();
      if (look.kind === 'trouble') display.notice(look.text);
      else if (look.kind === 'settled') display.settled(look.text);
      else {
        last = look.seen;
        display.update(look.seen);
      }
    }
    const exitCode = exitOf(last?.experiment);
    if (exitCode === undefined) throw vanished(name);
    return exitCode;
  };
  const ended = untilEnded();
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
