import { type ReportChannel, type ReportLine, reportLineSchema } from '@espalier/api';
import { MAX_MESSAGE_BYTES } from './permissions.ts';

/** Why a message counts for nothing. */
export type Refusal =
  /** The subject is not one that a trainer's credential allows. */
  | 'subject'
  /** Not a report: broken JSON, numbers out of range, names too long, the wrong channel. */
  | 'payload'
  /** The Trial lives in another namespace. */
  | 'namespace'
  /** No Trial that is followed. */
  | 'trial'
  /** The Trial has no such attempt (yet). */
  | 'attempt'
  /** Sent after the attempt had ended. */
  | 'late';

/** The report in a message; undefined for whatever else a trainer may send there. */
export function parseReport(channel: ReportChannel, data: Uint8Array): ReportLine | undefined {
  if (data.length > MAX_MESSAGE_BYTES) return undefined;
  try {
    const line = reportLineSchema.safeParse(JSON.parse(Buffer.from(data).toString())).data;
    if (line === undefined || (line.kind === 'points') !== (channel === 'points')) return undefined;
    return line;
  } catch {
    return undefined;
  }
}
