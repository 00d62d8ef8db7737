import { closeSync, openSync, writeSync } from 'node:fs';
import { encodeReportLine, type ReportLine } from '@espalier/api';
import { ConfigurationError, messageOf } from '../trainer-error.ts';

/** Where a run's observations go while it runs. */
export interface ReportSink {
  write(line: ReportLine): void;
  close(): void;
}

/** For a run that nobody watches. */
export const NO_REPORT: ReportSink = { write() {}, close() {} };

/**
 * Opens the sink that `ESPALIER_REPORT` names.
 *
 * @throws {ConfigurationError} if it is none that this trainer can write to.
 */
export function openReport(address: string): ReportSink {
  if (address.startsWith('file:')) return openFileReport(address.slice('file:'.length));
  if (/^(nats|tls):/.test(address)) {
    throw new ConfigurationError(`reports to ${address} are not built yet: use file:<path>`);
  }
  throw new ConfigurationError(`ESPALIER_REPORT must be file:<path> or nats://..., got ${address}`);
}

function openFileReport(path: string): ReportSink {
  const file = openSync(path, 'a');
  return {
    write(line) {
      const bytes = Buffer.from(`${encodeReportLine(line)}\n`);
      try {
        // One append per line: a reader sees at most the last one unfinished.
        for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
      } catch (error) {
        throw new Error(`cannot write ${path}: ${messageOf(error)}`, { cause: error });
      }
    },
    close: () => closeSync(file),
  };
}
