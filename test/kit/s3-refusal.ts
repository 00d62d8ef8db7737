import type { RequestFault } from './fault-rules.ts';

/** A store that answers with an error; with status 200 it is one that looks like success. */
export function s3Refusal(status: number, code: string): RequestFault {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>injected</Message></Error>`;
  return { kind: 'answer', status, body };
}
