import { writeSync } from 'node:fs';

/** Tells whoever reads the pod's log. */
export type Say = (line: string) => void;

/**
 * Writes to stderr at once, also from a thread whose main thread is busy. A line that cannot be
 * written is dropped: nobody may wait for a log.
 */
export const sayOnStderr: Say = (line) => {
  try {
    writeSync(2, `courier: ${line}\n`);
  } catch {
    // Full or closed.
  }
};

/** Says each text once. */
export function once(say: Say): Say {
  const said = new Set<string>();
  return (line) => {
    if (said.has(line) || said.size >= 1_000) return;
    said.add(line);
    say(line);
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of a failed system call (`ENOENT`), undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
