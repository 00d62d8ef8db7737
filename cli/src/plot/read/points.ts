import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Point, pointSchema, reportLineSchema } from '@espalier/api';
import type { PlottedPoint } from '../sweep.ts';

/**
 * Points of one trial, read line by line: reports and segments alike. Only the named metrics are kept,
 * and of points that come again after a resume the later ones. A line that is not whole (a report that
 * grows, a file cut off) is left out.
 */
export class PointCollector {
  readonly #metrics: ReadonlySet<string>;
  readonly #points = new Map<number, PlottedPoint>();

  constructor(metrics: ReadonlySet<string>) {
    this.#metrics = metrics;
  }

  line(text: string): void {
    const value = parsed(text);
    if (value === undefined) return;
    const point = pointSchema.safeParse(value);
    if (point.success) {
      this.#add(point.data);
      return;
    }
    const report = reportLineSchema.safeParse(value);
    if (!report.success) return;
    if (report.data.kind === 'points') for (const each of report.data.points) this.#add(each);
    // What was lost with the attempt before is trained again.
    if (report.data.kind === 'started') this.#forget(report.data.firstSeq);
  }

  /** By ascending number. */
  points(): readonly PlottedPoint[] {
    return [...this.#points].toSorted(([a], [b]) => a - b).map(([, point]) => point);
  }

  #add({ seq, step, epoch, values }: Point): void {
    const kept = Object.entries(values).filter(
      ([name, value]) => this.#metrics.has(name) && Number.isFinite(value),
    );
    if (kept.length > 0) this.#points.set(seq, { step, epoch, values: Object.fromEntries(kept) });
  }

  #forget(from: number): void {
    for (const seq of this.#points.keys()) if (seq >= from) this.#points.delete(seq);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The points in files, one after the other; a file that is gone by now has none. */
export async function readPointFiles(
  paths: readonly string[],
  metrics: ReadonlySet<string>,
): Promise<readonly PlottedPoint[]> {
  const collector = new PointCollector(metrics);
  for (const path of paths) {
    try {
      const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
      for await (const line of lines) collector.line(line);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  return collector.points();
}
