import { closeSync, openSync, writeSync } from 'node:fs';
import { encodeReportLine, type ReportLine } from '@espalier/api';
import { messageOf } from '../trainer-error.ts';

/** Where a run's observations go while it runs. */
export interface ReportSink {
  write(line: ReportLine): void;
  close(): void;
}

/** For a run that nobody watches. */
export const NO_REPORT: ReportSink = { write() {}, close() {} };

/** Appends to a file, which others may read as it grows. */
export function openReportFile(path: string): ReportSink {
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
