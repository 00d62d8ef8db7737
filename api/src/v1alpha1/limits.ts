/**
 * Upper bounds of everything a user can write. They keep every object far below the API server's
 * request limit and the cost of the CEL rules within its budget.
 */
export const LIMITS = {
  /** Leaves room for `-<index>-a<attempt>` within a 63-character label value. */
  experimentName: 40,
  parameterName: 63,
  parameters: 64,
  choices: 64,
  stringValue: 256,
  metricName: 63,
  objectives: 4,
  constraints: 8,
  parameterConstraints: 16,
  terms: 32,
  enqueued: 32,
  warmStartExperiments: 8,
  warmStartTrials: 100,
  pareto: 50,
  replicates: 64,
  /** Configurations times replicates; the Trial's name holds a five-digit index. */
  trials: 100_000,
  parallel: 10_000,
  rungs: 64,
  basisBytes: 8192,
  args: 64,
  argBytes: 1024,
  attempts: 128,
  messageBytes: 1024,
} as const;
