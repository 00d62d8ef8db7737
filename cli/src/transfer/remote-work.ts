import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { EXIT_OF } from '../run/interrupts.ts';
import type { Surroundings } from '../surroundings.ts';

/**
 * Runs work that a signal ends, such as a transfer; whatever it throws after a signal is not the news.
 *
 * @param afterwards What a user can do after an interruption.
 * @throws {Failure} with the exit code of the signal; with the words of the server or the store if that
 * refused or did not answer.
 */
export async function remoteWork<T>(
  { signals }: Pick<Surroundings, 'signals'>,
  work: (signal: AbortSignal) => Promise<T>,
  afterwards = 'the same command goes on where it was',
): Promise<T> {
  const end = new AbortController();
  let exitCode: ExitCode | undefined;
  const subscription = signals.on((signal) => {
    exitCode ??= EXIT_OF[signal];
    end.abort();
  });
  try {
    return await work(end.signal);
  } catch (error) {
    if (exitCode !== undefined) {
      throw new Failure('interrupted', { exitCode, hints: [afterwards], cause: error });
    }
    // Not the `Storage` of a local folder: the message says what to do.
    if (error instanceof Error && 'code' in error && error.code === 'Storage') {
      throw new Failure(error.message, { exitCode: EXIT.unexpected, cause: error });
    }
    throw error;
  } finally {
    subscription.off();
  }
}
