import type { ARTIFACT } from './artifacts.ts';
import type { EXIT_CODE, TRAINER_ENV } from './trainer-contract.ts';

/** The trainer contract in sentences, for the reference and for error messages. */

export const EXIT_CODE_TEXT: Readonly<
  Record<keyof typeof EXIT_CODE, { readonly meaning: string; readonly outcome: string }>
> = {
  done: { meaning: 'The trial is complete.', outcome: 'Succeeded.' },
  terminated: {
    meaning: 'Ended on SIGTERM after saving.',
    outcome: 'Stopped if Espalier asked for it, otherwise a disruption.',
  },
  invalidParameters: {
    meaning: 'These parameters can never work.',
    outcome: 'Failed with reason InvalidParameters; never retried.',
  },
  diverged: {
    meaning: 'The objective became NaN or infinite.',
    outcome: 'Stopped with reason Diverged; never retried, worst value for the search.',
  },
  configuration: {
    meaning: 'The data or the configuration is wrong, whatever the parameters.',
    outcome: 'Failed with reason ConfigurationError; never retried.',
  },
};

export const TRAINER_ENV_TEXT: Readonly<Record<keyof typeof TRAINER_ENV, string>> = {
  trial: 'JSON: namespace, experiment, trial, uid, attempt, parameters, objective, checkpoint.',
  data: 'Folder with the data set, read only.',
  out: 'Folder for everything the attempt writes.',
  report: 'Where reports go: `file:<path>` (JSON lines are appended) or `nats://...`.',
  resume: 'Folder with a manifest and the files it lists; empty = start anew.',
  credentials: 'Folder with `user.creds` and `ca.crt`; only with a `nats://` report.',
  terminationLog: 'File for the last observation as JSON, at most 4 KiB; optional.',
  cpuThreads: 'How many CPU threads this process may use; optional.',
  graceSeconds: 'Whole seconds from SIGTERM to SIGKILL; optional.',
};

export const ARTIFACT_TEXT: Readonly<Record<keyof typeof ARTIFACT, string>> = {
  manifest: 'Ends an attempt: lists all that stays of it. Written last.',
  metricsCsv: 'One row per epoch.',
  stepsCsv: 'One row per optimiser step.',
  log: 'What the trainer printed.',
  submissionCsv: 'Predictions for the test set.',
  model: 'The weights; lies in `checkpoint-<step>/`.',
  state: 'What a resumed attempt needs beside the weights; lies in `checkpoint-<step>/`.',
  trialsCsv: 'A row per trial; lies at the root of the Experiment.',
  best: 'Names the best trial and its files; lies at the root of the Experiment.',
  experiment: 'Spec and record of the search, in an object store; at the root of the Experiment.',
};
