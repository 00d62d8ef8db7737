import type { ExitCode } from '../exit-codes.ts';
import { EXIT_OF, type SignalSource } from './interrupts.ts';

/**
 * Looks at something until that ends or a signal comes, and returns how to exit. What the work throws after a
 * signal is no news.
 *
 * @param work Ends soon after its signal aborts; nobody waits for that.
 */
export async function unlessInterrupted(
  signals: SignalSource,
  work: (signal: AbortSignal) => Promise<ExitCode>,
): Promise<ExitCode> {
  const stop = new AbortController();
  const interrupted = Promise.withResolvers<ExitCode>();
  const subscription = signals.on((signal) => {
    interrupted.resolve(EXIT_OF[signal]);
    stop.abort();
  });
  const ended = work(stop.signal);
  ended.catch(() => {});
  try {
    return await Promise.race([ended, interrupted.promise]);
  } finally {
    stop.abort();
    subscription.off();
  }
}
