import { StopRequested } from '../training/stop.ts';

/**
 * A signal that SIGTERM or SIGINT aborts. More SIGTERMs change nothing, because whoever asked twice
 * still wants the checkpoint; a second Ctrl-C ends the process at once.
 */
export function listenForStop(): AbortSignal {
  const controller = new AbortController();
  const stop = (name: string): void => controller.abort(new StopRequested(`received ${name}`));
  process.on('SIGTERM', stop);
  process.once('SIGINT', stop);
  return controller.signal;
}
