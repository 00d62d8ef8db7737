import { z } from 'zod';
import { LIMITS } from '../v1alpha1/limits.ts';

/**
 * What a trainer reports while it runs: one JSON document per line of a `file:` report, or one per
 * NATS message. Numbers that JSON cannot carry travel as the strings `NaN`, `Infinity`, `-Infinity`.
 */

const NON_FINITE = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

const metricValue = z.union([
  z.number(),
  z.enum(['NaN', 'Infinity', '-Infinity']).transform((text) => NON_FINITE[text]),
]);

/** One observation. `seq` counts the points of a trial without gaps, also over its attempts. */
export const pointSchema = z.object({
  seq: z.int().min(0),
  /** Optimiser steps done. */
  step: z.int().min(0),
  /** Epochs finished. */
  epoch: z.int().min(0),
  values: z.record(z.string().min(1).max(LIMITS.metricName), metricValue),
  /** Milliseconds since 1970, by the trainer's clock; informative only. */
  time: z.number(),
});
export type Point = z.infer<typeof pointSchema>;

const pointsLine = z.object({
  kind: z.literal('points'),
  points: z.array(pointSchema).max(10_000),
});

/** First line of an attempt; `firstSeq` is larger than 0 when it goes on from a checkpoint. */
const startedLine = z.object({
  kind: z.literal('started'),
  time: z.number(),
  firstSeq: z.int().min(0),
  /** The step of the checkpoint that the attempt resumed from; 0 = started anew. */
  resumedStep: z.int().min(0),
  /** Epochs of the complete run, for estimates of the time left; early stopping may need fewer. */
  epochs: z.int().min(1).optional(),
});

/** Last line of an attempt that ended in order: its points are `firstSeq` to `lastSeq`. */
const finishedLine = z.object({
  kind: z.literal('finished'),
  time: z.number(),
  /** -1 if the attempt reported no point. */
  lastSeq: z.int().min(-1),
  /** Digest of this attempt's points, see `digest.ts`. */
  digest: z.string().regex(/^[0-9a-f]{16}$/),
});

export const reportLineSchema = z.discriminatedUnion('kind', [
  pointsLine,
  startedLine,
  finishedLine,
]);
export type ReportLine = z.infer<typeof reportLineSchema>;

/** A metric value as JSON can carry it. */
export function encodeMetricValue(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** One point as JSON, as it stands in a report's line and in a segment of the points. */
export function encodePoint(point: Point): string {
  const values = Object.entries(point.values).map(([name, value]) => [
    name,
    encodeMetricValue(value),
  ]);
  return JSON.stringify({ ...point, values: Object.fromEntries(values) });
}

/** One line of a report, without the line end. */
export function encodeReportLine(line: ReportLine): string {
  if (line.kind !== 'points') return JSON.stringify(line);
  return `{"kind":"points","points":[${line.points.map(encodePoint).join(',')}]}`;
}
