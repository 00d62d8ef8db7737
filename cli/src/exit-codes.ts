/**
 * Exit codes of every command. Scripts rely on them: a number is never reused, and a new meaning
 * gets a new one.
 */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  invalid: 2,
  notFound: 3,
  experimentFailed: 4,
  experimentCancelled: 5,
  locked: 6,
  refused: 7,
  recordDiffers: 8,
  recordIncomplete: 9,
  contractBroken: 10,
  needsCare: 11,
  interrupted: 130,
  brokenPipe: 141,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The table as `--help` and README.md show it. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done; for `run`, `watch` and `submit --wait`: the Experiment Succeeded'],
  [EXIT.unexpected, 'an unexpected error: a full disk, a server that refuses or does not answer'],
  [EXIT.invalid, 'wrong usage, a manifest that cannot be run, a cluster without Espalier'],
  [EXIT.notFound, 'no such file, Experiment, Trial, log or value'],
  [EXIT.experimentFailed, 'the Experiment Failed'],
  [EXIT.experimentCancelled, 'the Experiment was Cancelled'],
  [EXIT.locked, 'another runner holds the folder'],
  [EXIT.refused, 'the object is in a state that does not allow it'],
  [EXIT.recordDiffers, '`verify`: something does not follow from the record'],
  [EXIT.recordIncomplete, '`verify`: nothing differs, but not all can be recomputed'],
  [EXIT.contractBroken, '`check-trainer`: a promise of the contract is broken'],
  [EXIT.needsCare, '`doctor`: something is not as it must be'],
  [EXIT.interrupted, 'interrupted by Ctrl-C; the same command goes on'],
  [EXIT.brokenPipe, 'whoever read the output went away'],
  [EXIT.terminated, 'ended by SIGTERM or SIGHUP; the same command goes on'],
];
