import { type Experiment, mainObjective, type Trial, type TrialPhase } from '@espalier/api';
import type { TrialView } from '@espalier/controller/local';
import type { Style } from '../render/style.ts';

/** What people want to know of a Trial, gathered from its record and its live process. */
export interface TrialRow {
  readonly trial: Trial;
  readonly name: string;
  readonly phase: TrialPhase;
  readonly isEnded: boolean;
  /** The phase, and why if it is not the usual end. */
  readonly state: string;
  /** The value that counts: the objective of the record; undefined until one is known. */
  readonly value?: number;
  /** The objective reported last, while the process lives; else the value that counts. */
  readonly latest?: number;
  readonly epoch: number;
  /** Of a complete run, where known. */
  readonly epochs?: number;
  /** Seconds since the first start, or from there to the end. */
  readonly elapsedMs?: number;
  readonly remainingMs?: number;
  readonly imagesPerSecond?: number;
  readonly attempt: number;
}

const ENDED: readonly TrialPhase[] = ['Succeeded', 'Stopped', 'Failed'];
const RATE = /^(images?|img|samples?)(_?per_?s(ec(ond)?)?|\/s|_s)$/i;

export function trialRow(experiment: Experiment, view: TrialView, nowMs: number): TrialRow {
  const { trial, live } = view;
  const { status } = trial;
  const phase = status?.phase ?? 'Pending';
  const isEnded = ENDED.includes(phase);
  const value = status?.observation?.value;
  // Where no process of ours reports, the record tells what was reported last.
  const recorded = isEnded ? value : (status?.observation?.lastValue ?? value);
  const latest = live?.metrics[mainObjective(experiment.spec).metric] ?? recorded;
  const epochs = live?.epochs ?? declaredEpochs(experiment, trial);
  const elapsedMs = elapsed(view, isEnded, nowMs);
  const rate = isEnded ? undefined : rateOf(live?.metrics);
  const remainingMs = isEnded ? undefined : live?.remainingMs;
  return {
    trial,
    name: trial.metadata.name,
    phase,
    isEnded,
    state: stateText(phase, status?.reason),
    epoch: Math.max(live?.epoch ?? 0, status?.observation?.lastEpoch ?? 0),
    attempt: live?.attempt ?? status?.attempts.at(-1)?.number ?? 0,
    ...(value === undefined ? {} : { value }),
    ...(latest === undefined ? {} : { latest }),
    ...(epochs === undefined ? {} : { epochs }),
    ...(elapsedMs === undefined ? {} : { elapsedMs }),
    ...(remainingMs === undefined ? {} : { remainingMs }),
    ...(rate === undefined ? {} : { imagesPerSecond: rate }),
  };
}

/** A plain end needs no reason; a stop or a failure is mostly its reason. */
function stateText(phase: TrialPhase, reason: string | undefined): string {
  const tells = phase === 'Stopped' || phase === 'Failed';
  return tells && reason !== undefined && reason !== '' ? reason : phase;
}

export function phaseStyle(phase: string): Style {
  switch (phase) {
    case 'Succeeded':
      return 'good';
    case 'Failed':
      return 'bad';
    case 'Stopped':
    case 'Cancelled':
    case 'Paused':
    case 'Stopping':
      return 'warning';
    case 'Running':
      return 'active';
    default:
      return 'quiet';
  }
}

function elapsed({ trial, live }: TrialView, isEnded: boolean, nowMs: number): number | undefined {
  const start = Date.parse(trial.status?.startTime ?? '');
  const end = Date.parse(trial.status?.completionTime ?? '');
  if (isEnded) return Number.isNaN(end - start) ? undefined : end - start;
  if (!Number.isNaN(start)) return nowMs - start;
  return live === undefined ? undefined : nowMs - live.startedMs;
}

/** Our trainer calls its number of epochs so; else the early stopping knows what is complete. */
function declaredEpochs(experiment: Experiment, trial: Trial): number | undefined {
  const declared = trial.spec.parameters.find(({ name }) => name === 'epochs')?.int;
  const { earlyStopping } = experiment.spec;
  return declared ?? (earlyStopping?.resource === 'epoch' ? earlyStopping.max : undefined);
}

function rateOf(metrics: Readonly<Record<string, number>> | undefined): number | undefined {
  return Object.entries(metrics ?? {}).find(([name]) => RATE.test(name))?.[1];
}
