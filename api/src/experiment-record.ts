import { z } from 'zod';
import { experimentSchema } from './v1alpha1/experiment.ts';
import { LIMITS } from './v1alpha1/limits.ts';

/**
 * What an Experiment leaves in the object store for whoever recomputes it after its objects are gone:
 * `record-<sha256>.jsonl` with a Trial per line for every thousand of them, and `experiment.json`,
 * which lists those files and is written after them.
 */

/** Trials in one file. */
export const RECORD_TRIALS = 1000;
/** A Trial has 25 KB at most: a basis of 8 KiB, 64 parameters and 64 rungs. */
export const MAX_RECORD_FILE_BYTES = 64 * 2 ** 20;
/** Of `experiment.json`; a spec that an API server took is smaller. */
export const MAX_RECORD_BYTES = 4 * 2 ** 20;

export function recordFileName(sha256: string): string {
  return `record-${sha256}.jsonl`;
}

const recordFileSchema = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().min(0).max(MAX_RECORD_FILE_BYTES),
});
/** One file of Trials. */
export type RecordFile = z.infer<typeof recordFileSchema>;

export const experimentRecordSchema = z.object({
  version: z.literal(1),
  /** Without its status: that it ended is recorded later. */
  experiment: experimentSchema,
  /** By the index of their Trials. */
  files: z.array(recordFileSchema).max(Math.ceil(LIMITS.trials / RECORD_TRIALS)),
});
export type ExperimentRecord = z.infer<typeof experimentRecordSchema>;
