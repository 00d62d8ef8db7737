import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ARTIFACT, EXIT_CODE, type ParameterAssignment, type TrainerTask } from '@espalier/api';
import { type ProcessEnd, RunningAttempt } from './attempt.ts';
import {
  type Checkpoint,
  judgeCheckpoint,
  judgeLastWords,
  judgeManifest,
  type Owner,
} from './files.ts';
import {
  type Beginning,
  judgeFinish,
  judgeLines,
  judgeNumbers,
  judgeObjective,
  judgeStart,
  readReport,
} from './report.ts';
import type { AttemptPlaces, Scratch } from './scratch.ts';
import { Untouchable } from './trespass.ts';
import { fail, pass, skip, type Verdict } from './verdict.ts';

const POLL_MS = 20;

export interface Check {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Without uid and attempt, which the check chooses. */
  readonly task: Omit<TrainerTask, 'uid' | 'attempt'>;
  /** Further metrics of which a value counts: other objectives, and those of constraints. */
  readonly further: readonly string[];
  /** A configuration that can never work; `isSure` if a user says so. */
  readonly refused: {
    readonly parameters: ParameterAssignment[];
    readonly isSure: boolean;
  };
  readonly data: string;
  readonly scratch: Scratch;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** A run that takes longer is a failure. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Called with each verdict, under the heading of what was tried. */
  readonly onVerdict: (heading: string, verdict: Verdict) => void;
}

/** Holds a trainer against the contract, one attempt after another; the verdicts tell what was found. */
export async function checkTrainer(check: Check): Promise<void> {
  const say = (heading: string) => (verdict: Verdict) => check.onVerdict(heading, verdict);
  await checkWholeRun(check, say('a whole run'));
  const told = await checkTermination(check, say('told to stop'));
  if (told !== undefined) await checkResume(check, told, say('resumed'));
  await checkRefusal(check, say('impossible parameters'));
}

type Say = (verdict: Verdict) => void;

async function checkWholeRun(check: Check, say: Say): Promise<void> {
  const places = check.scratch.attempt('whole');
  const owner = { trialUid: randomUUID(), attempt: 0 };
  const untouchable = new Untouchable([check.data, places.resume], check.cwd);
  const end = await endOf(check, start(check, owner, places));
  say(judgeEnd('exits with 0 when it is done', end, EXIT_CODE.done, places));
  const report = readReport(places.report);
  say(judgeLines(report));
  say(judgeStart(report, { resumedStep: 0, firstSeq: [0, 0] }));
  say(judgeNumbers(report));
  for (const metric of [check.task.objective.metric, ...check.further]) {
    say(judgeObjective(report, metric));
  }
  say(judgeFinish(report));
  say(judgeManifest(places.out, owner));
  say(judgeLastWords(places.terminationLog));
  say(untouchable.judge());
}

/** What the attempt left that was told to stop. */
interface Told {
  readonly owner: Owner;
  readonly places: AttemptPlaces;
  readonly checkpoint: Checkpoint;
  readonly beginning: Beginning;
}

async function checkTermination(check: Check, say: Say): Promise<Told | undefined> {
  const promise = 'saves and exits with 10 on SIGTERM';
  const places = check.scratch.attempt('stopped');
  const owner = { trialUid: randomUUID(), attempt: 0 };
  const attempt = start(check, owner, places);
  const isDone = await hasReported(places, attempt, check.signal);
  if (isDone === undefined) attempt.terminate();
  const end = await endOf(check, attempt);
  // A process that is done may still die of the signal, such as Python while it tidies up.
  const diedDone = end.signal !== null && existsSync(join(places.out, ARTIFACT.manifest));
  if (end.code === EXIT_CODE.done || diedDone) {
    say(skip(promise, 'it was done before it was told', 'make it longer, such as -p epochs=1000'));
    return undefined;
  }
  const verdict = judgeEnd(promise, end, EXIT_CODE.terminated, places);
  say(verdict);
  const report = readReport(places.report);
  say(judgeNumbers(report));
  const [left, checkpoint] = judgeCheckpoint(places.out, owner);
  say(left);
  if (checkpoint === undefined || verdict.verdict !== 'PASS') return undefined;
  const { step } = checkpoint.manifest;
  // Points after the checkpoint were reported by an attempt that is gone: they come again.
  const before = report.points.filter((point) => point.step < step).length;
  const most = (report.points.at(-1)?.seq ?? -1) + 1;
  return { owner, places, checkpoint, beginning: { resumedStep: step, firstSeq: [before, most] } };
}

async function checkResume(check: Check, told: Told, say: Say): Promise<void> {
  const { checkpoint, beginning } = told;
  const places = check.scratch.attempt('resumed');
  const owner = { trialUid: told.owner.trialUid, attempt: 1 };
  const paths = checkpoint.manifest.files.map(({ path }) => path);
  check.scratch.fill(places.resume, told.places.out, [...paths, checkpoint.name]);
  const untouchable = new Untouchable([places.resume], check.cwd);
  const end = await endOf(check, start(check, owner, places));
  say(judgeEnd('goes on from its checkpoint and exits with 0', end, EXIT_CODE.done, places));
  const report = readReport(places.report);
  say(judgeStart(report, beginning));
  say(judgeNumbers(report));
  say(judgeFinish(report));
  say(judgeManifest(places.out, owner));
  say(untouchable.judge());
}

async function checkRefusal(check: Check, say: Say): Promise<void> {
  const promise = 'exits with 20 if its parameters can never work';
  const { parameters, isSure } = check.refused;
  const places = check.scratch.attempt('refused');
  const owner = { trialUid: randomUUID(), attempt: 0 };
  const attempt = start({ ...check, task: { ...check.task, parameters } }, owner, places);
  // Whether it trains is all that matters: one that does has taken them.
  const isDone = await hasReported(places, attempt, check.signal);
  if (isDone === undefined) attempt.terminate();
  const end = await endOf(check, attempt);
  if (end.code === EXIT_CODE.invalidParameters) return say(pass(promise));
  const found = isDone === undefined ? 'it trained' : describeEnd(end);
  const todo = 'any other code is tried again as a program error; the search learns nothing';
  if (isSure) return say(fail(promise, found, todo));
  return say(
    skip(promise, `an unknown parameter: ${found}`, 'name an impossible value: --invalid lr=-1'),
  );
}

function start(check: Check, owner: Owner, places: AttemptPlaces): RunningAttempt {
  const task = { ...check.task, uid: owner.trialUid, attempt: owner.attempt };
  return new RunningAttempt({ ...check, task, places }, check.limitMs);
}

/** @throws the reason of the signal if that ended it: nothing was found out. */
async function endOf({ signal }: Check, attempt: RunningAttempt): Promise<ProcessEnd> {
  const end = await attempt.ended;
  signal.throwIfAborted();
  return end;
}

/** Waits for the first point. @returns the end if that comes first. */
async function hasReported(
  places: AttemptPlaces,
  attempt: RunningAttempt,
  signal: AbortSignal,
): Promise<ProcessEnd | undefined> {
  let end: ProcessEnd | undefined;
  const ended = attempt.ended.then((value) => {
    end = value;
  });
  while (end === undefined && readReport(places.report).points.length === 0) {
    await Promise.race([ended, sleep(POLL_MS, undefined, { signal })]);
  }
  return end;
}

function judgeEnd(promise: string, end: ProcessEnd, want: number, places: AttemptPlaces): Verdict {
  if (end.code === want) return pass(promise, `${end.seconds.toFixed(1)} s`);
  if (end.signal === 'SIGTERM' && want === EXIT_CODE.terminated) {
    const todo = 'handle SIGTERM; a shell that starts the trainer must exec it';
    return fail(promise, describeEnd(end), todo);
  }
  const last = readFileSync(places.log, 'utf8').trimEnd().split('\n').at(-1)?.slice(0, 200);
  const words =
    last === undefined || last === '' ? 'it printed nothing' : `it printed last: ${last}`;
  return fail(promise, describeEnd(end), `${words} (--keep keeps the folder with all of it)`);
}

function describeEnd({ code, signal, isOverdue, seconds }: ProcessEnd): string {
  if (isOverdue) return `it was killed after ${seconds.toFixed(1)} s: it took too long`;
  return signal === null ? `it exited with ${code}` : `it was ended by ${signal}`;
}
