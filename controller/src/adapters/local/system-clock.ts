import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../ports/telemetry.ts';

/** The real time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, options) => {
    await sleep(ms, undefined, options.signal === undefined ? {} : { signal: options.signal });
  },
};
