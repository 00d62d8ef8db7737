import { z } from 'zod';
import { parameterAssignmentSchema } from './v1alpha1/parameters.ts';

/**
 * What the orchestrator and a trainer promise each other. Any program that keeps these promises can
 * be trained by Espalier; nothing else about it is known or assumed.
 */

/** Names of the environment variables that every trainer process receives. */
export const TRAINER_ENV = {
  /** JSON, {@link trainerTaskSchema}: who this process is and what it has to train. */
  trial: 'ESPALIER_TRIAL',
  /** Folder with the data set, read only. */
  data: 'ESPALIER_DATA',
  /** Folder for everything the attempt writes; with a `file:` report it is the artifact folder itself. */
  out: 'ESPALIER_OUT',
  /** Where reports go: `file:<path>` (JSON lines are appended) or `nats://...`. */
  report: 'ESPALIER_REPORT',
  /** Folder with a manifest and the files it lists; empty means: start anew. */
  resume: 'ESPALIER_RESUME',
  /** Folder with `user.creds` and `ca.crt`; only with a `nats://` report. */
  credentials: 'ESPALIER_CREDENTIALS',
  /** File for the last observation as JSON, at most {@link MAX_TERMINATION_MESSAGE_BYTES}; optional. */
  terminationLog: 'ESPALIER_TERMINATION_LOG',
  /** How many CPU threads this process may use; a positive whole number; optional. */
  cpuThreads: 'ESPALIER_CPU_THREADS',
  /** Whole seconds from SIGTERM to SIGKILL; optional. */
  graceSeconds: 'ESPALIER_GRACE_SECONDS',
} as const;

/** What a trainer may take for {@link TRAINER_ENV.graceSeconds} if it is not set. */
export const DEFAULT_GRACE_SECONDS = 120;

/** For the courier that fetches data: a folder that keeps data sets for the next pods. */
export const DATA_CACHE_ENV = 'ESPALIER_DATA_CACHE';

/** Files of the folder that {@link TRAINER_ENV.credentials} names. */
export const CREDENTIAL_FILE = { user: 'user.creds', ca: 'ca.crt' } as const;

/** The kubelet's default path of the termination message, used when the environment names none. */
export const DEFAULT_TERMINATION_LOG = '/dev/termination-log';
export const MAX_TERMINATION_MESSAGE_BYTES = 4096;

/** Exit codes of a trainer and what each one means to the orchestrator. */
export const EXIT_CODE = {
  /** The trial is complete. */
  done: 0,
  /** Ended on SIGTERM after saving; stopped if we asked for it, otherwise a disruption. */
  terminated: 10,
  /** These parameters can never work; never retried. */
  invalidParameters: 20,
  /** The objective became NaN or infinite; never retried, worst value for the search. */
  diverged: 21,
  /** The data or the configuration is wrong, whatever the parameters; never retried. */
  configuration: 30,
} as const;

/** The value of `ESPALIER_TRIAL`. */
export const trainerTaskSchema = z.object({
  namespace: z.string(),
  experiment: z.string(),
  trial: z.string(),
  uid: z.string(),
  attempt: z.int().min(0),
  parameters: z.array(parameterAssignmentSchema),
  objective: z.object({
    metric: z.string(),
    goal: z.enum(['maximize', 'minimize']),
  }),
  checkpoint: z.object({ everyEpochs: z.int().min(1) }),
});
export type TrainerTask = z.infer<typeof trainerTaskSchema>;
