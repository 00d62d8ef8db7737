import type { AttemptFiles } from '../trial/attempt-files.ts';

/** What the last look at each attempt's files found, for as long as its Trial has not ended. */
export class FoundFiles {
  readonly #found = new Map<string, AttemptFiles>();

  of(trialUid: string, attempt: number): AttemptFiles {
    return this.#found.get(`${trialUid}-${attempt}`) ?? { kind: 'unknown' };
  }

  set(trialUid: string, attempt: number, files: AttemptFiles): void {
    this.#found.set(`${trialUid}-${attempt}`, files);
  }

  /** The Trial has ended: its record says what was found. */
  forget(trialUid: string): void {
    for (const key of this.#found.keys()) if (key.startsWith(trialUid)) this.#found.delete(key);
  }
}
