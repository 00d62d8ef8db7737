import { StopRequested } from '../training/stop.ts';

/** A signal that SIGTERM or SIGINT aborts; a second one ends the process as the system would. */
export function listenForStop(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => controller.abort(new StopRequested(`received ${name}`)));
  }
  return controller.signal;
}
