import { ConflictError, TerminalError, WaitError } from '../ports/errors.ts';
import type { Clock, Logger, Telemetry } from '../ports/telemetry.ts';
import type { WorkQueue } from './work-queue.ts';

/** What a reconcile wants next; nothing = wait for a change. */
export interface Outcome {
  readonly requeueAfterMs?: number;
}

export interface ReconcileContext {
  /** Aborts when the program ends; a write in hand is finished all the same. */
  readonly signal: AbortSignal;
  /** Carries the controller's name, the key and the reconcile id. */
  readonly log: Logger;
}

export type Reconcile = (key: string, context: ReconcileContext) => Promise<Outcome>;

export interface ControllerSetup {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly reconcile: Reconcile;
  readonly workers: number;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
}

/**
 * Works off a queue until the signal aborts; resolves when every worker has ended.
 *
 * A throw never ends a worker, and one key's trouble delays no other key (G12).
 */
export async function runController(setup: ControllerSetup, signal: AbortSignal): Promise<void> {
  const { queue } = setup;
  const close = () => queue.close();
  if (signal.aborted) close();
  signal.addEventListener('abort', close, { once: true });
  let count = 0;
  const work = async () => {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      count += 1;
      await reconcileOnce(setup, key, `${setup.name}-${count}`, signal);
      queue.done(key);
      setup.telemetry.queueDepth(setup.name, queue.depth);
    }
  };
  await Promise.all(Array.from({ length: setup.workers }, work));
}

async function reconcileOnce(
  setup: ControllerSetup,
  key: string,
  reconcileId: string,
  signal: AbortSignal,
): Promise<void> {
  const { name, queue, telemetry, clock } = setup;
  const log = setup.log.with({ controller: name, object: key, reconcileId });
  const begun = clock.monotonic();
  const report = (outcome: 'done' | 'requeued' | 'error') =>
    telemetry.reconciled(name, outcome, (clock.monotonic() - begun) / 1000);
  try {
    const { requeueAfterMs } = await setup.reconcile(key, { signal, log });
    queue.forget(key);
    if (requeueAfterMs !== undefined) queue.add(key, { delayMs: requeueAfterMs });
    report(requeueAfterMs === undefined ? 'done' : 'requeued');
  } catch (error) {
    if (signal.aborted) return report('requeued');
    report(requeueAfter(error, key, queue, log));
  }
}

/** The requeue policy for everything that a reconcile can throw. */
function requeueAfter(
  error: unknown,
  key: string,
  queue: WorkQueue,
  log: Logger,
): 'requeued' | 'error' {
  if (error instanceof TerminalError) {
    // Trying again cannot help; the next change of the object is looked at as usual.
    log.error('reconcile failed for good', { error: errorText(error) });
    queue.forget(key);
    return 'error';
  }
  if (error instanceof WaitError) {
    log.info('waiting', { reason: error.message, afterMs: error.afterMs });
    queue.forget(key);
    queue.add(key, { delayMs: error.afterMs });
    return 'requeued';
  }
  queue.retry(key);
  if (error instanceof ConflictError) {
    // Normal with two writers: observe again, but not in a tight loop while a cache lags.
    log.info('object changed meanwhile', { reason: error.message });
    return 'requeued';
  }
  log.error('reconcile failed', { error: errorText(error) });
  return 'error';
}

function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `: ${errorText(error.cause)}`;
  return `${error.name}: ${error.message}${cause}`;
}
