import { z } from 'zod';
import { DURATION_RANGE } from './rules/spec-statements.ts';
import { enforced } from './rules/statement.ts';

export const GROUP = 'espalier.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** What we read and write of an object's metadata; everything else is the API server's business. */
export const objectMetaSchema = z.object({
  name: z.string().min(1),
  namespace: z.string().min(1),
  uid: z.string().default(''),
  resourceVersion: z.string().default(''),
  generation: z.int().default(1),
  creationTimestamp: z.string().default(''),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  finalizers: z.array(z.string()).optional(),
  ownerReferences: z
    .array(
      z.object({
        apiVersion: z.string(),
        kind: z.string(),
        name: z.string(),
        uid: z.string(),
        controller: z.boolean().optional(),
        blockOwnerDeletion: z.boolean().optional(),
      }),
    )
    .optional(),
});
export type ObjectMeta = z.infer<typeof objectMetaSchema>;

/** A duration as Go and Kubernetes write it: `90s`, `15m`, `1h30m`. */
export const durationSchema = z
  .string()
  .max(32)
  .regex(/^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/, 'must be a duration such as 90s, 15m or 1h30m')
  .meta(enforced(DURATION_RANGE));

/** A time as `Date.toISOString` writes it. */
export const timeSchema = z.string().max(40).meta({ format: 'date-time' });

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_MESSAGE =
  'must hold only lower-case letters, digits and -, and begin and end with a letter or digit';

/** A name that may become a label value or a part of another name. */
export const labelNameSchema = z.string().min(1).max(63).regex(DNS_LABEL, LABEL_MESSAGE);

/** The name of an object of another kind, such as a claim or a Secret. */
export const objectNameSchema = z
  .string()
  .min(1)
  .max(253)
  .regex(
    /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/,
    LABEL_MESSAGE.replace('digits and -', 'digits, - and .'),
  );

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/**
 * Whole milliseconds of a {@link durationSchema} text.
 *
 * @throws {RangeError} if the text is not a duration.
 */
export function durationMs(text: string): number {
  if (!durationSchema.safeParse(text).success) throw new RangeError(`not a duration: ${text}`);
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ms|s|m|h)/g)) {
    total += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return Math.round(total);
}
