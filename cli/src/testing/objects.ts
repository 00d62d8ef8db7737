import {
  type Experiment,
  type ExperimentStatus,
  experimentSchema,
  type ParameterAssignment,
  type Trial,
  type TrialStatus,
  trialName,
  trialSchema,
} from '@espalier/api';
import type { TrialView } from '@espalier/controller/local';

/** Builders of objects for tests; times are seconds after 2026-01-01T00:00:00Z. */

export const EPOCH_MS = Date.parse('2026-01-01T00:00:00Z');

export function at(seconds: number): string {
  return new Date(EPOCH_MS + 1000 * seconds).toISOString();
}

export interface ExperimentParts {
  readonly name?: string;
  readonly namespace?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Partial<ExperimentStatus>;
}

/** A sweep over lr and schedule with 8 epochs each, changed in parts. */
export function experiment(parts: ExperimentParts = {}): Experiment {
  const { name = 'digits', namespace = 'default', spec = {}, status } = parts;
  return experimentSchema.parse({
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Experiment',
    metadata: { name, namespace, uid: `uid-${name}`, creationTimestamp: at(0) },
    spec: {
      objective: { metric: 'valid_acc', goal: 'maximize' },
      parameters: [
        { name: 'lr', float: { min: 1e-5, max: 1e-2, scale: 'log' } },
        { name: 'schedule', string: { values: ['constant', 'cosine'] } },
        { name: 'epochs', int: { value: 8 } },
      ],
      trials: { max: 6, parallel: 2 },
      ...spec,
    },
    ...(status === undefined ? {} : { status: { phase: 'Running', startTime: at(0), ...status } }),
  });
}

export interface TrialParts {
  readonly parameters?: readonly ParameterAssignment[];
  readonly status?: Partial<TrialStatus>;
  readonly live?: TrialView['live'];
  readonly experiment?: string;
}

export function trialView(index: number, parts: TrialParts = {}): TrialView {
  const { status, live, experiment: owner = 'digits' } = parts;
  const parameters = parts.parameters ?? [
    { name: 'lr', float: 0.001 * (index + 1) },
    { name: 'schedule', string: index % 2 === 0 ? 'cosine' : 'constant' },
    { name: 'epochs', int: 8 },
  ];
  const trial: Trial = trialSchema.parse({
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Trial',
    metadata: {
      name: trialName(owner, index),
      namespace: 'default',
      uid: `uid-${owner}-${index}`,
    },
    spec: { index, configuration: index, parameters, algorithm: 'random@1' },
    status: { phase: 'Pending', ...status },
  });
  return live === undefined ? { trial } : { trial, live };
}

/** A trial that ended `seconds` after its start. */
export function endedTrial(
  index: number,
  value: number | undefined,
  parts: { readonly seconds?: number; readonly status?: Partial<TrialStatus> } = {},
): TrialView {
  const { seconds = 60, status = {} } = parts;
  return trialView(index, {
    status: {
      phase: 'Succeeded',
      reason: 'Completed',
      startTime: at(0),
      completionTime: at(seconds),
      observation: {
        lastStep: 800,
        lastEpoch: 8,
        points: 8,
        ...(value === undefined ? {} : { value, step: 700, epoch: 7 }),
      },
      ...status,
    },
  });
}

export function runningTrial(index: number, epoch: number, value: number): TrialView {
  return trialView(index, {
    status: { phase: 'Running', startTime: at(0) },
    live: {
      pid: 4242,
      attempt: 0,
      startedMs: EPOCH_MS,
      step: epoch * 100,
      epoch,
      epochs: 8,
      metrics: { valid_acc: value, images_per_second: 1234 },
      remainingMs: (8 - epoch) * 5000,
    },
  });
}
