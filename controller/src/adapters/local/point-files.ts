import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Trial } from '@espalier/api';
import { type Layout, trialPlace } from './layout.ts';
import { attemptsOf } from './log-files.ts';
import { namesIn } from './object-reader.ts';
import { RUN_FILE } from './run-record.ts';

/**
 * The files with the points of a Trial, in the order of its attempts: the report of one that runs,
 * else the segments that were kept with its artifacts.
 */
export function pointFilesOf(layout: Layout, trial: Trial): string[] {
  const owner = trial.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner === undefined) return [];
  const { namespace, uid } = trial.metadata;
  const experiment = { namespace, name: owner.name, uid: owner.uid };
  return attemptsOf(layout, trial)
    .toReversed()
    .flatMap((attempt) => {
      const report = join(layout.runFolder(uid, attempt), RUN_FILE.report);
      if (existsSync(report)) return [report];
      const folder = layout.attemptArtifacts(experiment, trialPlace(trial), attempt);
      return segmentsIn(namesIn(folder)).map((name) => join(folder, name));
    });
}

function segmentsIn(names: readonly string[]): readonly string[] {
  return names
    .flatMap((name) => {
      const seq = /^points-(\d+)\.jsonl$/.exec(name)?.[1];
      return seq === undefined ? [] : [{ name, seq: Number(seq) }];
    })
    .toSorted((a, b) => a.seq - b.seq)
    .map(({ name }) => name);
}
