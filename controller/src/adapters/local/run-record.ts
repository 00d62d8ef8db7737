import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_CODE } from '@espalier/api';
import { failpoint } from './failpoint.ts';

/** Files in the scratch folder of one attempt. */
export const RUN_FILE = {
  report: 'report.jsonl',
  log: 'log',
  /** The exit code, written by the launcher: it outlives the runner. */
  exit: 'exit',
  /** The runner asked for the end, because the planner wanted it. */
  deleting: 'deleting',
  /** A runner asked for the end, because the runner itself ended or had died. */
  interrupted: 'interrupted',
  resume: 'resume',
  /** `ESPALIER_DATA` of an Experiment without data. */
  noData: 'data',
  termination: 'termination',
} as const;

/** What a scratch folder tells about an attempt whose runner is gone. */
export interface RunRecord {
  readonly createdMs: number;
  readonly exit?: { readonly code: number; readonly atMs: number };
  readonly deletingSinceMs?: number;
  readonly interrupted: boolean;
  /** What the trainer left as its termination message. */
  readonly message?: string;
}

/**
 * Makes the folder that says "this attempt has begun". It comes before the process, so no process
 * can be forgotten; it need not survive a power loss, because the process would not either.
 */
export function makeRunFolder(folder: string): void {
  mkdirSync(join(folder, RUN_FILE.resume), { recursive: true });
  mkdirSync(join(folder, RUN_FILE.noData), { recursive: true });
  failpoint('run-folder-made');
}

export function markRun(folder: string, mark: 'deleting' | 'interrupted', nowMs: number): void {
  try {
    writeFileSync(join(folder, RUN_FILE[mark]), String(nowMs));
  } catch {
    // On a full disk the mark is missing: a later runner takes the end for an interruption, which
    // costs no budget.
  }
}

export function readRunRecord(folder: string): RunRecord {
  const exit = readExit(join(folder, RUN_FILE.exit));
  const deleting = modifiedMs(join(folder, RUN_FILE.deleting));
  const message = readTerminationMessage(folder);
  const made = statSync(folder, { throwIfNoEntry: false });
  return {
    createdMs: made === undefined ? 0 : made.birthtimeMs || made.ctimeMs,
    ...(exit === undefined ? {} : { exit }),
    ...(deleting === undefined ? {} : { deletingSinceMs: deleting }),
    interrupted: modifiedMs(join(folder, RUN_FILE.interrupted)) !== undefined,
    ...(message === undefined ? {} : { message }),
  };
}

/** At most 4 KiB, as on Kubernetes; undefined if the trainer left none. */
export function readTerminationMessage(folder: string): string | undefined {
  const path = join(folder, RUN_FILE.termination);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile() || stat.size === 0 || stat.size > 4096) return undefined;
  return readFileSync(path, 'utf8');
}

/** A folder that cannot be removed now is found and removed by the next runner. */
export function dropRunFolder(folder: string): void {
  try {
    // A launcher may still be writing its exit code: an emptied folder is then not empty any more.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 10 });
  } catch {
    // See above.
  }
}

/** Drops all of an attempt's scratch but the report, which is read until the Trial has ended. */
export function dropScratch(folder: string): void {
  for (const name of [RUN_FILE.resume, RUN_FILE.noData, RUN_FILE.log, RUN_FILE.termination]) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/**
 * Whether the exit code of an attempt that ended without a runner tells how it really ended. Codes
 * that a signal causes do not: the machine may have been shutting down.
 */
export function isGenuineExit(code: number, interrupted: boolean): boolean {
  const final: readonly number[] = [
    EXIT_CODE.done,
    EXIT_CODE.invalidParameters,
    EXIT_CODE.diverged,
    EXIT_CODE.configuration,
  ];
  if (final.includes(code)) return true;
  return !interrupted && code !== EXIT_CODE.terminated && code <= 128;
}

function readExit(path: string): { code: number; atMs: number } | undefined {
  const atMs = modifiedMs(path);
  if (atMs === undefined) return undefined;
  // The line end tells that it was written to the end.
  const match = /^(\d{1,3})\n$/.exec(readFileSync(path, 'latin1'));
  return match?.[1] === undefined ? undefined : { code: Number(match[1]), atMs };
}

function modifiedMs(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
