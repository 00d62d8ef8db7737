import type { z } from 'zod';
import { formatPath } from '../manifest/problem.ts';
import { quoteText } from '../manifest/quote-text.ts';
import { type ReportLine, reportLineSchema } from './report.ts';

export const MAX_REPORT_LINE_CHARACTERS = 1 << 20;

export type ParsedReportLine =
  | { readonly ok: true; readonly line: ReportLine }
  | { readonly ok: false; readonly message: string };

/**
 * Reads one line of a report. It never throws, whatever the line; the message is short, fit for a
 * terminal, and names the field and what was found.
 */
export function parseReportLine(text: string): ParsedReportLine {
  if (text.length > MAX_REPORT_LINE_CHARACTERS) {
    return refuse(`the line is longer than ${MAX_REPORT_LINE_CHARACTERS} characters`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message repeats the line, which nobody wants in a status.
    const hint = /:\s*(NaN|-?Infinity)\b/.test(text) ? '; write NaN and Infinity in quotes' : '';
    return refuse(`not JSON: ${quoteText(text)}${hint}`);
  }
  const parsed = reportLineSchema.safeParse(json);
  if (parsed.success) return { ok: true, line: parsed.data };
  return refuse(sayFirst(parsed.error));
}

function refuse(message: string): ParsedReportLine {
  return { ok: false, message };
}

function sayFirst({ issues }: z.ZodError): string {
  const [issue] = issues;
  const path = (issue?.path ?? []).map((part) => (typeof part === 'number' ? part : String(part)));
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return `${path.length > 0 ? formatPath(path) : 'the line'}: ${issue?.message ?? 'invalid'}${more}`;
}
