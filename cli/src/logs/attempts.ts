import type { Trial } from '@espalier/api';
import type { TrialView } from '@espalier/controller/local';
import type { Channel } from '../channel.ts';
import { printableLog } from '../render/printable.ts';

export type Write = (text: string) => Promise<void>;

/** A trainer may print what it likes, but not steer the terminal. */
export function logWriter(stdout: Channel): Write {
  return async (text) => {
    stdout.write(stdout.isTerminal ? printableLog(text) : text);
    // A log may be larger than what memory should hold for a slow reader.
    await stdout.flush();
  };
}

/** The number of the latest attempt. */
export function attemptOf({ trial, live }: TrialView): number {
  return live?.attempt ?? trial.status?.attempts.at(-1)?.number ?? 0;
}

/** What stands before each line of that Trial where several are shown. */
export function linePrefix({ spec }: Trial): string {
  return `[${String(spec.index).padStart(5, '0')}] `;
}
