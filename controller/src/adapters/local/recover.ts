import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ARTIFACT, type Experiment, isTerminalTrial, type Trial } from '@espalier/api';
import { currentAttempt } from '../../domain/trial/ledger.ts';
import type { PodEnd } from '../../domain/trial/pod-view.ts';
import type { Call } from '../../ports/cluster.ts';
import { keepLogEnd } from './bounded-log.ts';
import { type Layout, parseRunFolder } from './layout.ts';
import { checkManifest } from './manifest-check.ts';
import { namesIn } from './object-reader.ts';
import type { ObjectStore } from './object-store.ts';
import { type PodIdentity, podIdentity } from './pod-record.ts';
import type { ProcessPods } from './process-pods.ts';
import {
  dropRunFolder,
  dropScratch,
  isGenuineExit,
  markRun,
  RUN_FILE,
  readRunRecord,
} from './run-record.ts';

export interface RecoverOptions {
  readonly layout: Layout;
  readonly store: ObjectStore;
  readonly pods: ProcessPods;
  readonly onReport: (trialUid: string, attempt: number, path: string) => void;
}

/**
 * Marks the attempts that have not ended, before their processes are asked to: what ends later was
 * interrupted by us, and what has ended was not.
 */
export function markInterrupted(layout: Layout, nowMs: number): void {
  for (const name of namesIn(layout.run)) {
    if (parseRunFolder(name) === undefined) continue;
    const folder = join(layout.run, name);
    if (readRunRecord(folder).exit === undefined) markRun(folder, 'interrupted', nowMs);
  }
}

/**
 * Shows the attempts that began under an earlier runner as ended pods, so that each end is counted
 * once; call it when none of their processes runs. Those of ended Trials show too: what their release
 * does was not done.
 */
export async function recoverPods(options: RecoverOptions, call: Call): Promise<void> {
  const { layout, pods } = options;
  const trials = trialsByUid(options.store);
  const begun = new Set(namesIn(layout.run));
  for (const found of trials.values()) {
    const lost = lostAttempt(layout, found);
    if (lost === undefined || begun.has(basename(lost.runFolder))) continue;
    const atMs = 0;
    const end = { atMs, oomKilled: false, disrupted: false, interrupted: true };
    options.onReport(lost.trialUid, lost.attempt, join(lost.runFolder, RUN_FILE.report));
    pods.addEnded(lost, { createdMs: atMs, end });
  }
  for (const name of namesIn(layout.run)) {
    const folder = join(layout.run, name);
    const place = parseRunFolder(name);
    const found = place === undefined ? undefined : trials.get(place.trialUid);
    if (place === undefined || found === undefined) {
      dropRunFolder(folder);
      continue;
    }
    const { trial, experiment } = found;
    const { attempt, trialUid } = place;
    const identity = podIdentity(layout, experiment, trial, attempt);
    await keepLogEnd(join(folder, RUN_FILE.log), join(identity.outFolder, ARTIFACT.log));
    const isOver = isTerminalTrial(trial.status?.phase);
    if (!isOver) options.onReport(trialUid, attempt, join(folder, RUN_FILE.report));
    const entry = trial.status?.attempts.find(({ number }) => number === attempt);
    const { end, ...past } = await endOf(identity, call);
    pods.addEnded(identity, { ...past, end });
    if (!isOver && entry?.outcome !== undefined) {
      // Counted already; only its report is still of use.
      pods.release(trialUid, attempt);
      dropScratch(folder);
    }
  }
}

/**
 * The current attempt of a Trial whose record says that it ran. Where its scratch is missing too, a
 * power loss took it, which is an interruption as well.
 */
function lostAttempt(layout: Layout, { experiment, trial }: Found): PodIdentity | undefined {
  const { status } = trial;
  if (status?.phase !== 'Starting' && status?.phase !== 'Running') return undefined;
  return podIdentity(layout, experiment, trial, currentAttempt(status));
}

async function endOf(
  { runFolder, outFolder, trialUid, attempt }: PodIdentity,
  call: Call,
): Promise<{ createdMs: number; deletingSinceMs?: number; end: PodEnd }> {
  const { createdMs, deletingSinceMs, exit, interrupted, message } = readRunRecord(runFolder);
  const past = { createdMs, ...(deletingSinceMs === undefined ? {} : { deletingSinceMs }) };
  const common = {
    oomKilled: false,
    disrupted: false,
    ...(message === undefined ? {} : { message }),
  };
  if (exit !== undefined) {
    const isGenuine = isGenuineExit(exit.code, interrupted);
    const end = { ...common, atMs: exit.atMs, exitCode: exit.code, interrupted: !isGenuine };
    return { ...past, end };
  }
  // Killed with its launcher, perhaps after all its work was done.
  const isComplete =
    (await hasFinished(join(runFolder, RUN_FILE.report))) &&
    (await checkManifest(outFolder, ARTIFACT.manifest, { trialUid, attempt }, call)).kind ===
      'whole';
  const atMs = createdMs;
  if (isComplete) return { ...past, end: { ...common, atMs, exitCode: 0, interrupted: false } };
  return { ...past, end: { ...common, atMs, interrupted: true } };
}

/** Whether the last whole line of a report says that it is complete. */
async function hasFinished(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const length = Math.min(size, 4096);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
      const lines = buffer.toString('utf8').split('\n');
      return lines.at(-1) === '' && (lines.at(-2) ?? '').includes('"kind":"finished"');
    } finally {
      await file.close();
    }
  } catch {
    // No report.
    return false;
  }
}

interface Found {
  readonly experiment: Experiment;
  readonly trial: Trial;
}

function trialsByUid(store: ObjectStore): Map<string, Found> {
  return new Map(
    store
      .experiments()
      .flatMap((experiment) =>
        store
          .trialsOf(experiment.metadata.uid)
          .map((trial) => [trial.metadata.uid, { experiment, trial }] as const),
      ),
  );
}
