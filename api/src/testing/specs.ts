import { type ExperimentSpec, experimentSpecSchema } from '../v1alpha1/experiment.ts';

/** What a user writes: a spec before defaults. */
export type WrittenSpec = Record<string, unknown>;

const LR = { name: 'lr', float: { min: 1e-4, max: 0.1, scale: 'log' } };

/** The smallest sound spec with `changes` on top, defaults applied. */
export function spec(changes: WrittenSpec = {}): ExperimentSpec {
  return experimentSpecSchema.parse({
    objective: { metric: 'valid_acc', goal: 'maximize' },
    parameters: [LR],
    ...changes,
  });
}

/** A sound spec whose second parameter is `{ name: 'x', ...domain }`. */
export function withParameter(domain: WrittenSpec): ExperimentSpec {
  return spec({ parameters: [LR, { name: 'x', ...domain }] });
}

/** A manifest that uses every field a user can write. */
export const FULL_MANIFEST = `apiVersion: espalier.dev/v1alpha1
kind: Experiment
metadata:
  name: digits
  namespace: team-a
  labels: { team: a }
  annotations: { espalier.dev/note: "first" }
spec:
  desiredState: Run
  objective: { metric: valid_acc, goal: maximize, target: 0.99, report: last }
  parameters:
    - { name: lr, float: { min: 1.0e-5, max: 1.0e-2, scale: log } }
    - { name: momentum, float: { min: 0.8, max: 1, step: 0.05, scale: linear } }
    - { name: batchSize, int: { values: [32, 64, 128] } }
    - { name: width, int: { min: 8, max: 64, step: 8 } }
    - { name: schedule, string: { values: [constant, step, cosine, warmup-cosine] } }
    - name: warmupSteps
      int: { min: 10, max: 500, scale: log }
      when: { parameter: schedule, in: [warmup-cosine] }
    - { name: augment, bool: { values: [true, false] } }
    - { name: tta, bool: { value: false } }
    - { name: loss, string: { value: "cross entropy" }, when: { parameter: batchSize, in: [32, "64"] } }
    - { name: seed, int: { value: 6666 } }
  search: { algorithm: sobol, seed: 1 }
  earlyStopping:
    { algorithm: asha, resource: epoch, min: 1, max: 8, eta: 4, minRungSize: 4, interval: 1, percentile: 50 }
  trials: { max: 30, parallel: 4, maxFailed: 3 }
  attempts: { maxRetries: 2, maxDisruptions: 10, replaceLost: false }
  deadlines:
    { queue: 1h, pending: 15m, startup: 45m, stall: 1h, run: 2h, termination: 5m, metrics: 2m, cleanup: 10m, experiment: 24h }
  trainer:
    profile: gpu
    image: registry.example/trainer:1
    command: [node, main.js]
    args: [train, --verbose]
    resources: { gpu: 1, cpu: "4", memory: 16Gi }
    gracePeriod: 120s
  data: { s3: { key: sets/digits.tar } }
  artifacts: { keep: best, checkpoint: { everyEpochs: 1 }, onDelete: Retain }
  queueName: team-a-queue
  ttlSecondsAfterFinished: 86400
`;
