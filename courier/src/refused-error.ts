/** Trying again is of no use; the message says what to change. */
export class RefusedError extends Error {}
