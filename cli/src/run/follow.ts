import { printLeaderboard } from '../commands/trials.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Surroundings } from '../surroundings.ts';
import { chooseDisplay } from './choose-display.ts';
import { exitOf, vanished } from './exit-of.ts';
import { tellResult } from './farewell.ts';
import { JsonDisplay } from './json-display.ts';
import {
  type LookOptions,
  lookAtExperiment,
  type Subject,
  type Watchable,
} from './look-at-experiment.ts';
import type { Snapshot } from './snapshot.ts';
import { unlessInterrupted } from './unless-interrupted.ts';

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
  let last: Snapshot | undefined;
  const untilEnded = async (signal: AbortSignal): Promise<ExitCode> => {
    for await (const look of lookAtExperiment(client, subject, { ...following, now }, signal)) {
      // What comes after an interrupt is not shown any more.
      signal.throwIfAborted();
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
  try {
    const exitCode = await unlessInterrupted(signals, untilEnded);
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
    display.close();
  }
}
