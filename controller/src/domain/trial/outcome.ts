import { type Attempt, EXIT_CODE, quoteText, TRIAL_REASON, type TrialReason } from '@espalier/api';
import type { Ending } from './ending.ts';
import type { PodEnd } from './pod-view.ts';

/** Everything that the class of an ended attempt depends on. */
export interface EndFacts {
  /** How its process ended; undefined = the pod is gone and nobody saw its end. */
  readonly end: PodEnd | undefined;
  /** Whether somebody asked for the pod's end before it ended. */
  readonly wasDeleted: boolean;
  /** Why we wanted its end, if we did. */
  readonly ending: Ending | undefined;
  /** Whether a finite value of every objective and of every constraint's metric is known. */
  readonly hasValue: boolean;
  /** The first metric of several that has none. */
  readonly missing?: string | undefined;
}

/** How an attempt ended; what follows from it (next attempt, phase) depends on the budgets. */
export interface AttemptEnd {
  readonly outcome: NonNullable<Attempt['outcome']>;
  readonly reason: TrialReason;
  readonly message: string;
  /** Whether another attempt could help. */
  readonly isFinal: boolean;
}

interface Check {
  readonly name: string;
  readonly applies: (facts: EndFacts) => boolean;
  readonly gives: (facts: EndFacts) => AttemptEnd;
}

const exited = (code: number) => (facts: EndFacts) => facts.end?.exitCode === code;

/** The first that applies decides; the order is that of design.md 6. */
export const OUTCOME_CHECKS: readonly Check[] = [
  {
    name: 'done',
    applies: (facts) => exited(EXIT_CODE.done)(facts) && facts.hasValue,
    gives: () => final('Succeeded', TRIAL_REASON.completed, 'the trainer is done'),
  },
  {
    name: 'done without a value',
    applies: exited(EXIT_CODE.done),
    gives: ({ missing = 'the objective' }) =>
      final(
        'Failed',
        TRIAL_REASON.metricsUnavailable,
        `the trainer is done but no value of ${missing} is known; does it report the metric?`,
      ),
  },
  {
    name: 'invalid parameters',
    applies: exited(EXIT_CODE.invalidParameters),
    gives: ({ end }) =>
      final('Failed', TRIAL_REASON.invalidParameters, said('refused the parameters', end)),
  },
  {
    name: 'diverged',
    applies: exited(EXIT_CODE.diverged),
    gives: ({ end }) => final('Stopped', TRIAL_REASON.diverged, said('diverged', end)),
  },
  {
    name: 'configuration error',
    applies: exited(EXIT_CODE.configuration),
    gives: ({ end }) =>
      final('Failed', TRIAL_REASON.configurationError, said('cannot use its data', end)),
  },
  {
    name: 'ended by us',
    applies: ({ ending }) => ending !== undefined,
    gives: ({ ending }) => {
      const { phase, reason, message } = ending as Ending;
      return final(phase, reason, message);
    },
  },
  {
    name: 'out of memory',
    applies: ({ end }) => end?.oomKilled === true,
    gives: () => final('Failed', TRIAL_REASON.oomKilled, 'the trainer ran out of memory'),
  },
  {
    name: 'interrupted',
    applies: ({ end }) => end?.interrupted === true,
    gives: () =>
      again('Interrupted', TRIAL_REASON.interrupted, 'the runner was interrupted or died'),
  },
  {
    name: 'disrupted',
    applies: ({ end, wasDeleted }) =>
      end === undefined ||
      end.disrupted ||
      wasDeleted ||
      end.exitCode === undefined ||
      end.exitCode === EXIT_CODE.terminated,
    gives: (facts) => again('Disrupted', TRIAL_REASON.disrupted, disruption(facts)),
  },
  {
    name: 'program error',
    applies: () => true,
    gives: ({ end }) =>
      again('Failed', TRIAL_REASON.programError, said(`ended with ${end?.exitCode}`, end)),
  },
];

/** How an attempt ended; the same facts always give the same class. */
export function classifyEnd(facts: EndFacts): AttemptEnd {
  for (const check of OUTCOME_CHECKS) if (check.applies(facts)) return check.gives(facts);
  throw new RangeError('the last check applies to everything');
}

function final(outcome: AttemptEnd['outcome'], reason: TrialReason, message: string): AttemptEnd {
  return { outcome, reason, message, isFinal: true };
}

function again(outcome: AttemptEnd['outcome'], reason: TrialReason, message: string): AttemptEnd {
  return { outcome, reason, message, isFinal: false };
}

function disruption({ end, wasDeleted }: EndFacts): string {
  if (end === undefined) return 'the pod is gone and its end was not seen';
  if (end.disrupted) return 'the platform ended the pod';
  if (end.exitCode === undefined) return 'the pod ended without having started';
  return wasDeleted ? 'somebody deleted the pod' : 'the trainer was told to end, by nobody we know';
}

function said(what: string, end: PodEnd | undefined): string {
  const message = end?.message?.trim() ?? '';
  return `the trainer ${what}${message === '' ? '' : `: ${quoteText(message.slice(0, 256))}`}`;
}
