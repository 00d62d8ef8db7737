import { type Experiment, FINALIZER } from '@espalier/api';
import { parseTime } from '../time.ts';

/** When the objects of a finished Experiment are removed; undefined = never, or it is not finished. */
export function expiryMs({ spec, status }: Experiment): number | undefined {
  const endedMs = parseTime(status?.completionTime);
  const { ttlSecondsAfterFinished: ttl } = spec;
  return endedMs === undefined || ttl === undefined ? undefined : endedMs + ttl * 1000;
}

export function hasFinalizer({ metadata }: Experiment): boolean {
  return metadata.finalizers?.includes(FINALIZER) === true;
}
