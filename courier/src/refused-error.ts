/** Trying again is of no use; the message says what to change. */
export class RefusedError extends Error {}

/** This attempt cannot have it, but the next one may: it was removed or replaced meanwhile. */
export class GoneError extends Error {}

/** What a refusal by the controller means. */
export function refusalError(reason: string, message: string): Error {
  const text = `${reason}: ${message}`;
  // Of the next attempt the controller looks again which checkpoint there is.
  return reason === 'CheckpointNotFound' ? new GoneError(text) : new RefusedError(text);
}
