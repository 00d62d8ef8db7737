import { mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ObjectKey } from '../../ports/key.ts';
import type { Layout } from './layout.ts';

/** Something in the folder that could not be used, and where it lies now. */
export interface Damage {
  /** The Experiment in whose folder it was. */
  readonly key: ObjectKey;
  readonly path: string;
  /** Why, for people. */
  readonly why: string;
  /** Undefined if it could not be moved; it is then ignored where it lies. */
  readonly movedTo?: string;
}

/** Moves what cannot be read out of the way, so that it is neither lost nor met again. */
export function setAside(
  layout: Layout,
  key: ObjectKey,
  path: string,
  why: string,
  nowMs: number,
): Damage {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-');
  try {
    mkdirSync(layout.damaged, { recursive: true });
    for (let n = 0; ; n++) {
      const movedTo = join(layout.damaged, `${stamp}-${n}-${basename(path)}`);
      if (tryRename(path, movedTo)) return { key, path, why, movedTo };
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { key, path, why: `${why}; it could not be moved: ${reason}` };
  }
}

/** False if another thing has that name already. */
function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    const taken =
      error instanceof Error &&
      'code' in error &&
      ['EEXIST', 'ENOTEMPTY', 'EISDIR', 'ENOTDIR'].includes(String(error.code));
    if (taken) return false;
    throw error;
  }
}

/** One line of whatever went wrong in reading something. */
export function describeProblem(error: unknown): string {
  const text = firstIssue(error) ?? (error instanceof Error ? error.message : String(error));
  return text.replaceAll(/\s+/g, ' ').slice(0, 300);
}

/** Of a schema, whose whole message is a JSON document. */
function firstIssue(error: unknown): string | undefined {
  if (!(error instanceof Error && 'issues' in error && Array.isArray(error.issues)))
    return undefined;
  const { path = [], message } = error.issues[0] ?? {};
  return [...path.map(String), message].join(': ');
}
