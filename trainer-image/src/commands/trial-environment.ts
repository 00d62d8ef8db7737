import {
  assignmentValue,
  DEFAULT_GRACE_SECONDS,
  nearestName,
  type ParameterValue,
  TRAINER_ENV,
  type TrainerTask,
  trainerTaskSchema,
} from '@espalier/api';
import { METRIC_NAMES } from '../report/metric-names.ts';
import { ConfigurationError, messageOf } from '../trainer-error.ts';

/** The environment of a trial, checked. */
export interface TrialEnvironment {
  readonly task: TrainerTask;
  readonly parameters: readonly (readonly [string, ParameterValue])[];
  readonly dataFolder: string;
  readonly outFolder: string;
  /** undefined = start anew. */
  readonly resumeFolder: string | undefined;
  readonly report: string;
  readonly credentials: string | undefined;
  readonly graceSeconds: number;
  readonly threads: number | undefined;
}

/** @throws {ConfigurationError} naming the variable that is missing or wrong. */
export function readTrialEnvironment(environment: NodeJS.ProcessEnv): TrialEnvironment {
  const required = (name: string): string => {
    const value = environment[name];
    if (value) return value;
    throw new ConfigurationError(
      `${name} is not set: "trial" is started by an orchestrator; by hand, use "train"`,
    );
  };
  const task = parseTask(required(TRAINER_ENV.trial));
  requireKnownMetric(task.objective.metric);
  return {
    task,
    parameters: task.parameters.map((assignment) => [
      assignment.name,
      // An assignment without any value fails as "got null", with its name.
      assignmentValue(assignment) ?? 'null',
    ]),
    dataFolder: required(TRAINER_ENV.data),
    outFolder: required(TRAINER_ENV.out),
    resumeFolder: environment[TRAINER_ENV.resume] || undefined,
    report: required(TRAINER_ENV.report),
    credentials: environment[TRAINER_ENV.credentials] || undefined,
    graceSeconds: parseGrace(environment[TRAINER_ENV.graceSeconds]),
    threads: parseThreads(environment[TRAINER_ENV.cpuThreads]),
  };
}

/** A positive whole number; undefined if the variable is not set. */
export function parseThreads(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new ConfigurationError(
      `${TRAINER_ENV.cpuThreads} must be a positive whole number, got ${text}`,
    );
  }
  return Number(text);
}

function parseGrace(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_GRACE_SECONDS;
  if (!/^\d{1,7}$/.test(text)) {
    throw new ConfigurationError(`${TRAINER_ENV.graceSeconds} must be whole seconds, got ${text}`);
  }
  return Number(text);
}

function parseTask(text: string): TrainerTask {
  try {
    return trainerTaskSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ConfigurationError(`${TRAINER_ENV.trial} is not a task: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function requireKnownMetric(metric: string): void {
  if ((METRIC_NAMES as readonly string[]).includes(metric)) return;
  const meant = nearestName(metric, METRIC_NAMES);
  throw new ConfigurationError(
    `this trainer reports no metric ${metric}${meant === undefined ? '' : `; did you mean ${meant}?`}\n` +
      `it reports ${METRIC_NAMES.join(', ')}`,
  );
}
