import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACT, type Trial } from '@espalier/api';
import { type Layout, ownerPlace, parseRunFolder, trialPlace } from './layout.ts';
import { namesIn } from './object-reader.ts';
import { RUN_FILE } from './run-record.ts';

/**
 * The file with what an attempt printed: its live log, else what was kept with its artifacts.
 * Without `attempt`, of the latest attempt that has one.
 */
export function logFileOf(layout: Layout, trial: Trial, attempt?: number): string | undefined {
  const experiment = ownerPlace(trial);
  if (experiment === undefined) return undefined;
  const { uid } = trial.metadata;
  const attempts = attempt === undefined ? attemptsOf(layout, trial) : [attempt];
  for (const number of attempts) {
    const out = layout.attemptArtifacts(experiment, trialPlace(trial), number);
    const paths = [join(layout.runFolder(uid, number), RUN_FILE.log), join(out, ARTIFACT.log)];
    const found = paths.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Attempts that may have left a log, latest first. */
export function attemptsOf(layout: Layout, trial: Trial): number[] {
  const recorded = (trial.status?.attempts ?? []).map(({ number }) => number);
  const running = namesIn(layout.run).flatMap((name) => {
    const place = parseRunFolder(name);
    return place?.trialUid === trial.metadata.uid ? [place.attempt] : [];
  });
  return [...new Set([0, ...recorded, ...running])].sort((a, b) => b - a);
}
