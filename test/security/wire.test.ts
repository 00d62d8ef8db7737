import { test } from 'node:test';
import {
  encodeReportLine,
  LineSplitter,
  parseReportLine,
  parseReportSubject,
  parseRequestSubject,
  reportSubject,
  requestSubject,
  trainerAnswerSchema,
} from '@espalier/api';
import fc from 'fast-check';
import { parseReport } from '../../controller/src/adapters/nats/report-message.ts';
import { emptyFold, foldEnd, foldLine } from '../../controller/src/domain/trial/feed-fold.ts';
import { progressOf, viewOf } from '../../controller/src/domain/trial/feed-trajectory.ts';
import { casesOf } from './cases.ts';
import { fuzz } from './fuzzing.ts';
import { hostileBytes } from './hostile-bytes.ts';
import { hostileText } from './hostile-text.ts';
import { hostileJson, hostileValue } from './hostile-values.ts';

const point = (seq: number) => ({
  seq,
  step: seq + 1,
  epoch: seq,
  values: { acc: 0.5 },
  time: 1e12,
});
const LINES = [
  { kind: 'started', time: 1e12, firstSeq: 0, resumedStep: 0, epochs: 3 },
  { kind: 'points', points: [point(0), point(1), point(2)] },
  { kind: 'points', points: [{ ...point(3), values: { acc: 'NaN', loss: '-Infinity' } }] },
  { kind: 'finished', time: 1e12, lastSeq: 3, digest: '0123456789abcdef' },
];
const TEXTS = LINES.map((line) => JSON.stringify(line));
const ADDRESS = { namespace: 'team', trialUid: '00000000-0000-4000-8000-000000000003', attempt: 1 };

test('G12 a line of a report of any content is read or refused by a short text', (t) =>
  fuzz(t, {
    input: hostileJson(LINES),
    cases: casesOf('lines of a report'),
    read: (text) => {
      const parsed = parseReportLine(text);
      if (parsed.ok) return parseReportLine(encodeReportLine(parsed.line));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may reach a terminal.
      const isHostile = parsed.message.length > 2_000 || /[\0-\x1f\x7f]/.test(parsed.message);
      if (isHostile) throw new Error(`it says ${JSON.stringify(parsed.message)}`);
      return parsed;
    },
  }));

test('G12 a report file is cut into the same lines wherever its pieces end', (t) =>
  fuzz(t, {
    input: fc.record({
      bytes: hostileBytes([Buffer.from(`${TEXTS.join('\n')}\n`)]),
      cuts: fc.array(fc.nat(2_000), { maxLength: 8 }),
    }),
    cases: casesOf('pieces of a report file'),
    read: ({ bytes, cuts }) => {
      const whole = new LineSplitter().take(bytes);
      const splitter = new LineSplitter();
      const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), 0, bytes.length];
      const sorted = ends.toSorted((a, b) => a - b);
      const lines = sorted.flatMap((end, index) =>
        splitter.take(bytes.subarray(sorted[index - 1] ?? 0, end)),
      );
      if (JSON.stringify(lines) !== JSON.stringify(whole)) throw new Error('the lines differ');
      return lines;
    },
  }));

test('G12 a message of the bus is a report or nothing', (t) =>
  fuzz(t, {
    input: fc.oneof(
      hostileJson(LINES).map((text) => Buffer.from(text)),
      hostileBytes(TEXTS.map((text) => Buffer.from(text))),
    ),
    cases: casesOf('messages of the bus'),
    read: (data) => [parseReport('points', data), parseReport('state', data)],
  }));

test('G13 a subject names an attempt or nobody', (t) =>
  fuzz(t, {
    input: hostileText([
      reportSubject(ADDRESS, 'points'),
      reportSubject(ADDRESS, 'state'),
      requestSubject(ADDRESS),
    ]),
    cases: casesOf('subjects'),
    read: (subject) => {
      const report = parseReportSubject(subject);
      const request = parseRequestSubject(subject);
      // What is read must be what was written: two texts for one attempt would be two identities.
      const again = report
        ? reportSubject(report, report.channel)
        : request && requestSubject(request);
      if (again !== undefined && again !== subject) throw new Error(`it is ${again}`);
      return [report, request];
    },
  }));

test('G12 an answer to a trainer is one of the protocol or refused by its schema', (t) =>
  fuzz(t, {
    input: hostileValue([
      { kind: 'upload', url: 'https://s3.example/a?X-Amz-Signature=b', headers: { host: 'a' } },
      { kind: 'inputs', data: { size: 1, sha256: 'a'.repeat(64) }, resume: null },
      { kind: 'sync', contiguousTo: 3, hasStarted: true, hasFinished: false },
      { kind: 'refused', reason: 'QuotaExceeded', message: 'no' },
    ]),
    cases: casesOf('answers to trainers'),
    read: (value) => trainerAnswerSchema.safeParse(value).data,
  }));

test('G6 G12 a fold takes whatever the schema lets through, and stays small', (t) => {
  const interest = {
    metric: 'acc',
    goal: 'maximize',
    resource: 'epoch',
    milestones: [1, 3],
  } as const;
  return fuzz(t, {
    input: fc.array(fc.tuple(hostileJson(LINES), fc.nat(2)), { maxLength: 12 }),
    cases: casesOf('folds of reports'),
    read: (lines) => {
      const fold = emptyFold({ ...interest, others: [{ metric: '__proto__', goal: 'minimize' }] });
      for (const [text, attempt] of lines) {
        const parsed = parseReportLine(text);
        if (parsed.ok) foldLine(fold, attempt, parsed.line, 1e12);
      }
      foldEnd(fold, 1);
      const view = viewOf(fold, 1);
      if (Object.keys(view.latest).length > 256) throw new Error('more metrics than there may be');
      return [view, progressOf(fold, 1)];
    },
  });
});
