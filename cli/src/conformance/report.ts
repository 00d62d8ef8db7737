import { existsSync, readFileSync } from 'node:fs';
import {
  addToDigest,
  EMPTY_DIGEST,
  formatDigest,
  type Point,
  parseReportLine,
  type ReportLine,
} from '@espalier/api';
import { fail, pass, skip, type Verdict } from './verdict.ts';

/** A report file as it lies there. */
export interface ReadReport {
  readonly lines: readonly ReportLine[];
  readonly points: readonly Point[];
  /** What is wrong with the first line that is no report line, with its number. */
  readonly problem: string | undefined;
}

export function readReport(path: string): ReadReport {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const lines: ReportLine[] = [];
  let problem: string | undefined;
  const texts = text.split('\n');
  // What follows the last line end is a line that is still written; nobody reads it.
  for (const [index, line] of texts.slice(0, -1).entries()) {
    const parsed = parseReportLine(line);
    if (parsed.ok) lines.push(parsed.line);
    else problem ??= `line ${index + 1}: ${parsed.message}`;
  }
  if (texts.at(-1) !== '') problem ??= `line ${texts.length} has no line end`;
  const points = lines.flatMap((line) => (line.kind === 'points' ? line.points : []));
  return { lines, points, problem };
}

/** Where an attempt begins. */
export interface Beginning {
  readonly resumedStep: number;
  /** What `firstSeq` may be, at least and at most. */
  readonly firstSeq: readonly [number, number];
}

export function judgeLines({ lines, problem }: ReadReport): Verdict {
  const promise = 'reports lines that fit the schema';
  if (problem !== undefined) {
    return fail(promise, problem, 'one JSON object per line; see "Report" in the contract');
  }
  if (lines.length === 0) {
    return fail(promise, 'nothing was reported', 'append lines to the file of ESPALIER_REPORT');
  }
  return pass(promise, `${lines.length} lines`);
}

export function judgeStart({ lines }: ReadReport, { resumedStep, firstSeq }: Beginning): Verdict {
  const promise = resumedStep > 0 ? 'says where it goes on' : 'says that it started anew';
  const todo = `the first line must be {"kind":"started","time":...,"firstSeq":...,"resumedStep":${resumedStep}}`;
  const starts = lines.filter((line) => line.kind === 'started');
  const [first] = lines;
  if (first?.kind !== 'started') return fail(promise, `the first line is ${first?.kind}`, todo);
  if (starts.length > 1) return fail(promise, `it says so ${starts.length} times`, todo);
  if (first.resumedStep !== resumedStep) {
    return fail(promise, `resumedStep is ${first.resumedStep}, not ${resumedStep}`, todo);
  }
  const [least, most] = firstSeq;
  if (first.firstSeq < least || first.firstSeq > most) {
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    return fail(promise, `firstSeq is ${first.firstSeq}, not ${wanted}`, todo);
  }
  return pass(promise, `firstSeq ${first.firstSeq}`);
}

export function judgeNumbers({ lines, points }: ReadReport): Verdict {
  const promise = 'numbers its points without gaps';
  const start = lines.find((line) => line.kind === 'started');
  let next = start?.firstSeq ?? 0;
  let step = start?.resumedStep ?? 0;
  for (const point of points) {
    const todo = 'seq counts the points of a trial from 0, also over its attempts';
    if (point.seq !== next) return fail(promise, `seq ${point.seq} where ${next} is due`, todo);
    if (point.step < step) {
      return fail(promise, `step ${point.step} after step ${step}`, 'step counts optimiser steps');
    }
    next += 1;
    step = point.step;
  }
  return pass(promise, `${points.length} points`);
}

export function judgeObjective({ points }: ReadReport, metric: string): Verdict {
  const promise = `reports the objective ${metric}`;
  const values = points.flatMap(({ values: { [metric]: value } }) => value ?? []);
  const finite = values.filter(Number.isFinite).length;
  if (finite > 0) return pass(promise, `${finite} values`);
  const known = [...new Set(points.flatMap((point) => Object.keys(point.values)))].slice(0, 10);
  const found =
    values.length > 0 ? 'no value is a number' : `it reports ${known.join(', ') || 'no metric'}`;
  return fail(
    promise,
    found,
    'put it into the values of a point, or name another objective.metric',
  );
}

export function judgeFinish({ lines, points }: ReadReport): Verdict {
  const promise = 'says that it finished, with a digest of its points';
  const last = lines.at(-1);
  if (!lines.some((line) => line.kind === 'finished')) {
    const todo =
      'without it the value counts only after deadlines.metrics: write it as the last line';
    return skip(promise, 'there is no such line', todo);
  }
  if (last?.kind !== 'finished') {
    return fail(promise, 'it is not the last line', 'write it once, after all points');
  }
  const lastSeq = points.at(-1)?.seq ?? -1;
  if (last.lastSeq !== lastSeq) {
    return fail(
      promise,
      `lastSeq is ${last.lastSeq}, not ${lastSeq}`,
      'it is the seq of the last point',
    );
  }
  const digest = formatDigest(points.reduce(addToDigest, EMPTY_DIGEST));
  if (last.digest !== digest) {
    return fail(
      promise,
      `the digest is ${last.digest}, not ${digest}`,
      'see "Digest" in the contract',
    );
  }
  return pass(promise, digest);
}
