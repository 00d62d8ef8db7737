import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Trial } from '@espalier/api';
import { pointSegments } from '../../domain/artifacts/manifest.ts';
import { type Layout, ownerPlace, trialPlace } from './layout.ts';
import { attemptsOf } from './log-files.ts';
import { namesIn } from './object-reader.ts';
import { RUN_FILE } from './run-record.ts';

/**
 * The files with the points of a Trial, in the order of its attempts: the report of one that runs,
 * else the segments that were kept with its artifacts.
 */
export function pointFilesOf(layout: Layout, trial: Trial): string[] {
  const experiment = ownerPlace(trial);
  if (experiment === undefined) return [];
  const { uid } = trial.metadata;
  return attemptsOf(layout, trial)
    .toReversed()
    .flatMap((attempt) => {
      const report = join(layout.runFolder(uid, attempt), RUN_FILE.report);
      if (existsSync(report)) return [report];
      const folder = layout.attemptArtifacts(experiment, trialPlace(trial), attempt);
      const files = namesIn(folder).map((path) => ({ path }));
      return pointSegments({ files }).map(({ path }) => join(folder, path));
    });
}
