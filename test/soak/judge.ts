import { isDeepStrictEqual } from 'node:util';
import { type Experiment, isTerminalTrial, type Point, type Trial } from '@espalier/api';
import { wrongValues } from '../integration/streams/record.ts';
import type { AttemptLog } from './kept-logs.ts';
import type { Job } from './workload.ts';

/** An Experiment at its end. */
export interface Ended {
  readonly job: Job;
  readonly experiment: Experiment;
  readonly trials: readonly Trial[];
}

/** Where the points of one Trial are. */
export interface Points {
  /** What its program printed, in the order of the attempts. */
  readonly printed: readonly AttemptLog[];
  /** What is in the store; undefined = its files had to go with the Experiment. */
  readonly stored: readonly Point[] | undefined;
}

/** How many points there are, and in words what is not as it has to be. */
export interface Account {
  /** Points that the trainers printed: those of the last attempt, and what it did not do over again. */
  readonly sent: number;
  /** Points that the Trial counts. */
  readonly folded: number;
  readonly stored: number;
  /** Sent, but not counted or not stored. */
  readonly lost: number;
  /** Counted, but never sent. */
  readonly duplicates: number;
  /** 1 if the last attempt was killed, so that nobody could deliver its last points. */
  readonly unfinished: number;
  readonly wrong: readonly string[];
}

/** In words, what is wrong with an Experiment that has ended: every trial must be there and have an end. */
export function wrongEnd({ job, experiment, trials }: Ended): string[] {
  const wrong: string[] = [];
  const { phase, message } = experiment.status ?? {};
  if (phase !== 'Succeeded') wrong.push(`${job.name} is ${phase}: ${message}`);
  const indices = trials.map(({ spec }) => spec.index).sort((a, b) => a - b);
  const wanted = Array.from({ length: job.trials }, (_, index) => index);
  if (!isDeepStrictEqual(indices, wanted)) {
    wrong.push(`${job.name} has the trials ${indices.join(', ')}, not ${job.trials}`);
  }
  for (const { metadata, status } of trials) {
    const end = `${status?.phase}/${status?.reason}`;
    if (!isTerminalTrial(status?.phase) || !job.ends.includes(end)) {
      wrong.push(`${metadata.name} is ${end}: ${status?.message}`);
    }
    const ledger = status?.attempts ?? [];
    if (ledger.some(({ number }, place) => number !== place)) {
      wrong.push(`${metadata.name} counts the attempts ${ledger.map(({ number }) => number)}`);
    }
    const open = ledger.filter(({ outcome }) => outcome === undefined);
    for (const { number } of open) wrong.push(`a${number} of ${metadata.name} has no outcome`);
  }
  return wrong;
}

/** Compares what a Trial counts, what the store has, and what the trainers printed. */
export function accountOf(trial: Trial, { printed, stored }: Points): Account {
  const { name } = trial.metadata;
  const wrong: string[] = [];
  for (const { number, startTime } of trial.status?.attempts ?? []) {
    if (startTime === undefined || printed.some(({ attempt }) => attempt === number)) continue;
    wrong.push(`a${number} of ${name} ran and left no log`);
  }
  const sent = trajectory(printed);
  const all = printed.reduce((sum, { points }) => sum + points.length, 0);
  const folded = trial.status?.observation?.points ?? 0;
  const isFinished = printed.at(-1)?.finished === true;
  const isIn = new Map(stored?.map((point) => [point.seq, point]));
  const notStored = stored === undefined ? 0 : sent.filter(({ seq }) => !isIn.has(seq)).length;
  for (const point of sent) {
    const other = isIn.get(point.seq);
    if (other !== undefined && !isDeepStrictEqual(other, point)) {
      wrong.push(`point ${point.seq} of ${name} is not stored as it was sent`);
    }
  }
  if (isFinished) wrong.push(...wrongValues(trial, sent));
  return {
    sent: sent.length,
    folded,
    stored: stored?.length ?? 0,
    lost: isFinished ? Math.max(0, sent.length - folded, notStored) : 0,
    // What an attempt does over again is counted for each, unless the store's record takes its place.
    duplicates: Math.max(0, folded - all) + Math.max(0, (stored?.length ?? 0) - isIn.size),
    unfinished: isFinished ? 0 : 1,
    wrong,
  };
}

/** The points that still count after the last attempt: of each, what no later one did over again. */
export function trajectory(printed: readonly AttemptLog[]): Point[] {
  const points: Point[] = [];
  let cut = Number.POSITIVE_INFINITY;
  for (const attempt of printed.toReversed()) {
    points.push(...attempt.points.filter(({ seq }) => seq < cut));
    if (attempt.points.length > 0 || attempt.firstSeq > 0) cut = Math.min(cut, attempt.firstSeq);
  }
  return points.sort((a, b) => a.seq - b.seq);
}

export function sumOf(accounts: readonly Account[]): Account {
  const sum = (what: (account: Account) => number) =>
    accounts.reduce((total, account) => total + what(account), 0);
  return {
    sent: sum(({ sent }) => sent),
    folded: sum(({ folded }) => folded),
    stored: sum(({ stored }) => stored),
    lost: sum(({ lost }) => lost),
    duplicates: sum(({ duplicates }) => duplicates),
    unfinished: sum(({ unfinished }) => unfinished),
    wrong: accounts.flatMap(({ wrong }) => wrong),
  };
}
