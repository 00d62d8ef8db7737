import { accessSync, constants, writeFileSync } from 'node:fs';
import {
  DEFAULT_TERMINATION_LOG,
  encodeMetricValue,
  MAX_TERMINATION_MESSAGE_BYTES,
  type Point,
} from '@espalier/api';

/** What the orchestrator finds when nothing else of the process is left. */
export interface LastWords {
  /** The last observation that has the objective. */
  readonly point?: Point | undefined;
  /** Why the run ended early. */
  readonly message?: string | undefined;
}

/** Where the last words go: the named file, else the kubelet's default if this is a pod. */
export function terminationLogPath(named: string | undefined): string | undefined {
  if (named !== undefined && named !== '') return named;
  try {
    accessSync(DEFAULT_TERMINATION_LOG, constants.W_OK);
    return DEFAULT_TERMINATION_LOG;
  } catch {
    // Not in a pod: there is nobody to tell.
    return undefined;
  }
}

/** Overwrites the file in place, because in a pod it is a mount of its own. */
export function writeLastWords(path: string, words: LastWords, objective: string): void {
  writeFileSync(path, encodeLastWords(words, objective));
}

/** The point's fields and `message`, cut so that the whole fits into a termination message. */
export function encodeLastWords({ point, message }: LastWords, objective: string): string {
  const encode = (names: readonly string[], length: number): string => {
    const values = names.map((name) => [
      name,
      encodeMetricValue(point?.values[name] ?? Number.NaN),
    ]);
    return JSON.stringify({
      ...(point && { ...point, values: Object.fromEntries(values) }),
      ...(message !== undefined && { message: message.slice(0, length) }),
    });
  };
  const names = Object.keys(point?.values ?? {});
  const tries = [encode(names, 2000), encode([objective], 1000), encode([objective], 300)];
  const fits = (text: string): boolean => Buffer.byteLength(text) <= MAX_TERMINATION_MESSAGE_BYTES;
  return tries.find(fits) ?? '{}';
}
