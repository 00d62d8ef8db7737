import { z } from 'zod';

/**
 * Names of everything that an Experiment leaves behind, the same in S3 and in a local folder. A key
 * belongs to one attempt and its content never changes; a manifest is written after the files that
 * it lists, so whoever finds a manifest may rely on them.
 */

export const ARTIFACT = {
  /** Ends an attempt: lists all that stays of it. */
  manifest: 'manifest.json',
  /** One row per epoch. */
  metricsCsv: 'metrics.csv',
  /** One row per optimiser step. */
  stepsCsv: 'steps.csv',
  log: 'log.txt',
  submissionCsv: 'submission.csv',
  /** Written into a checkpoint folder. */
  model: 'model.safetensors',
  state: 'state.safetensors',
  /** Of the whole Experiment. */
  trialsCsv: 'trials.csv',
  best: 'best.json',
  /** The record of the search; see experiment-record.ts. */
  experiment: 'experiment.json',
} as const;

/** Files under `extra/` that `espalier report` draws; docs/trainer-contract.md tells their columns. */
export const DRAWN_EXTRA = {
  confusionCsv: 'extra/confusion.csv',
  tsneCsv: 'extra/tsne.csv',
} as const;

/** At most this many files of the trainer's own choice may lie under `extra/`. */
export const MAX_EXTRA_FILES = 100;

/** What one PUT of S3 may carry; no artifact is larger. */
export const MAX_ARTIFACT_BYTES = 5 * 2 ** 30;

/** `<namespace>/<experiment>-<uid>`: the root of one Experiment's keys. */
export function experimentKey(namespace: string, experiment: string, uid: string): string {
  return `${namespace}/${experiment}-${uid}`;
}

/** `trials/<index>-<trialUid>/a<attempt>` below the Experiment's root. */
export function attemptKey(index: number, trialUid: string, attempt: number): string {
  return `trials/${String(index).padStart(5, '0')}-${trialUid}/a${attempt}`;
}

/** Folder of the checkpoint taken after `step` optimiser steps, relative to the attempt. */
export function checkpointFolder(step: number): string {
  return `checkpoint-${step}`;
}

/** The commit record of the checkpoint taken after `step` optimiser steps. */
export function checkpointManifest(step: number): string {
  return `manifest-${step}.json`;
}

/** Of file names that of the newest manifest: the one that ends the attempt, else that of the most steps. */
export function newestManifest(names: readonly string[]): string | undefined {
  if (names.includes(ARTIFACT.manifest)) return ARTIFACT.manifest;
  const step = (name: string): number =>
    Number(/^manifest-(0|[1-9]\d{0,14})\.json$/.exec(name)?.[1] ?? -1);
  return names.filter((name) => step(name) >= 0).sort((a, b) => step(b) - step(a))[0];
}

/** The segment of the metrics log that begins with point `seq`; JSON lines of points. */
export function pointsSegment(seq: number): string {
  return `points-${seq}.jsonl`;
}

// Numbers without leading zeros, so that a checkpoint has one name only.
const FILE_NAME =
  /^(checkpoint-(0|[1-9]\d{0,14})\/(model|state)\.safetensors|points-(0|[1-9]\d{0,14})\.jsonl|manifest(-(0|[1-9]\d{0,14}))?\.json|metrics\.csv|steps\.csv|log\.txt|submission\.csv|extra\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99})$/;

/** Whether `path` is a file that an attempt may write, relative to the attempt's folder. */
export function isArtifactPath(path: string): boolean {
  return FILE_NAME.test(path);
}

const fileSchema = z.object({
  path: z.string().refine(isArtifactPath, 'not the path of an artifact'),
  size: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ManifestFile = z.infer<typeof fileSchema>;

/**
 * `manifest-<step>.json` or `manifest.json`. An attempt is whole by itself: what a resumed attempt
 * still needs of an earlier one (the best checkpoint, the metrics log) lies in its own folder too.
 */
export const manifestSchema = z.object({
  version: z.literal(1),
  trialUid: z.string(),
  attempt: z.int().min(0),
  /** Optimiser steps and epochs done when it was written. */
  step: z.int().min(0),
  epoch: z.int().min(0),
  /** The best checkpoint so far: its model lies in `checkpoint-<step>/`; null = none yet. */
  best: z.object({ step: z.int().min(0), epoch: z.int().min(0), value: z.number() }).nullable(),
  /** The checkpoint to resume from; null in a `manifest.json` of an attempt that is complete. */
  resume: z.object({ step: z.int().min(0) }).nullable(),
  files: z.array(fileSchema).max(10_000),
});
export type Manifest = z.infer<typeof manifestSchema>;
