/** What became of one promise of the trainer contract. */
export interface Verdict {
  /** As a sentence about the trainer: `exits with 0 when it is done`. */
  readonly promise: string;
  readonly verdict: 'PASS' | 'FAIL' | 'SKIP';
  /** What was found. */
  readonly found: string;
  /** What to do about it; only of what is not a PASS. */
  readonly todo?: string;
}

export function pass(promise: string, found = ''): Verdict {
  return { promise, verdict: 'PASS', found };
}

export function fail(promise: string, found: string, todo: string): Verdict {
  return { promise, verdict: 'FAIL', found, todo };
}

export function skip(promise: string, found: string, todo: string): Verdict {
  return { promise, verdict: 'SKIP', found, todo };
}
