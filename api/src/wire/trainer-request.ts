import { z } from 'zod';
import { MAX_ARTIFACT_BYTES } from '../artifacts.ts';

/**
 * What an attempt asks the controller over NATS, and what it is told: JSON on the attempt's request
 * subject, which is also its identity. Every request may be sent again: asking changes nothing but
 * what is counted as granted. No answer means the same as `later`.
 */

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const trainerRequestSchema = z.discriminatedUnion('kind', [
  /** To store one file of the attempt's folder, with exactly that content. */
  z.object({
    kind: z.literal('upload'),
    path: z.string().max(256),
    size: z.int().min(0).max(MAX_ARTIFACT_BYTES),
    sha256,
  }),
  /** What has to be there before the trainer starts. */
  z.object({ kind: z.literal('inputs') }),
  /** To read one of these inputs; `path` is that of a file of the checkpoint, else empty. */
  z.object({
    kind: z.literal('read'),
    source: z.enum(['data', 'resume']),
    path: z.string().max(256),
  }),
  /** How much of what was sent has arrived; what has not is to be sent again. */
  z.object({ kind: z.literal('sync') }),
]);
export type TrainerRequest = z.infer<typeof trainerRequestSchema>;

/** A request to the object store that may be sent as it is until it expires; its URL is a secret. */
const signed = {
  url: z.url({ protocol: /^https?$/ }),
  headers: z.record(z.string(), z.string()),
};

const file = { size: z.int().min(0), sha256 };

export const trainerAnswerSchema = z.discriminatedUnion('kind', [
  /** One PUT; a store that answers 412 has the file already. */
  z.object({ kind: z.literal('upload'), ...signed }),
  z.object({
    kind: z.literal('inputs'),
    /** A tar archive to unpack into `ESPALIER_DATA`; null = the data is not ours to fetch. */
    data: z.object(file).nullable(),
    /** The manifest of the checkpoint to resume from, a file of `ESPALIER_RESUME`; null = start anew. */
    resume: z.object({ manifest: z.string(), ...file }).nullable(),
  }),
  /** One GET. */
  z.object({ kind: z.literal('read'), ...signed, ...file }),
  /**
   * Every point up to `contiguousTo` is there (-1 = none); `hasStarted` and `hasFinished` tell of the
   * attempt's first and last line.
   */
  z.object({
    kind: z.literal('sync'),
    contiguousTo: z.int().min(-1),
    hasStarted: z.boolean(),
    hasFinished: z.boolean(),
  }),
  /** Not known now, such as while the store is away: ask again. */
  z.object({ kind: z.literal('later') }),
  /** Asking again cannot help. */
  z.object({ kind: z.literal('refused'), reason: z.string(), message: z.string() }),
]);
export type TrainerAnswer = z.infer<typeof trainerAnswerSchema>;
