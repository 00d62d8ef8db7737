import type { Fields, Logger, Telemetry } from '../../ports/telemetry.ts';

export const QUIET_TELEMETRY: Telemetry = {
  reconciled() {},
  queueDepth() {},
  queueWait() {},
};

/** A logger that keeps what it was told. */
export function recordingLog(): Logger & { readonly lines: [string, Fields][] } {
  const lines: [string, Fields][] = [];
  const logger = (fixed: Fields): Logger => {
    const write = (message: string, fields: Fields = {}) =>
      void lines.push([message, { ...fixed, ...fields }]);
    return {
      info: write,
      warn: write,
      error: write,
      with: (more) => logger({ ...fixed, ...more }),
    };
  };
  return { ...logger({}), lines };
}
