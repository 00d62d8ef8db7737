import { setImmediate } from 'node:timers/promises';

/** The process was asked to end; the reason with which a run's stop signal is aborted. */
export class StopRequested extends Error {}

/**
 * Lets signals and other events through: ops block the event loop, so a run must call this often.
 *
 * @throws {StopRequested} if `stop` is aborted.
 */
export async function pauseForSignals(stop: AbortSignal): Promise<void> {
  await setImmediate();
  stop.throwIfAborted();
}
