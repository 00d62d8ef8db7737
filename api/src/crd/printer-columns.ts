export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'date';
  readonly jsonPath: string;
  readonly description?: string;
  /** 1 = only with `-o wide`. */
  readonly priority?: number;
}

const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

export const EXPERIMENT_COLUMNS: readonly PrinterColumn[] = [
  { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
  {
    name: 'Progress',
    type: 'string',
    jsonPath: '.status.progress',
    description: 'Completed configurations out of trials.max.',
  },
  {
    name: 'Running',
    type: 'integer',
    jsonPath: '.status.trials.running',
    description: 'Trials that train now.',
  },
  {
    name: 'Best',
    type: 'number',
    jsonPath: '.status.best.value',
    description: 'The best value of the objective so far.',
  },
  { name: 'Objective', type: 'string', jsonPath: '.spec.objective.metric' },
  AGE,
  { name: 'Algorithm', type: 'string', jsonPath: '.spec.search.algorithm', priority: 1 },
  { name: 'Desired', type: 'string', jsonPath: '.spec.desiredState', priority: 1 },
  { name: 'Best Trial', type: 'string', jsonPath: '.status.best.trial', priority: 1 },
  { name: 'Reason', type: 'string', jsonPath: '.status.reason', priority: 1 },
];

export const TRIAL_COLUMNS: readonly PrinterColumn[] = [
  { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
  { name: 'Reason', type: 'string', jsonPath: '.status.reason' },
  {
    name: 'Value',
    type: 'number',
    jsonPath: '.status.observation.value',
    description: 'The value of the objective that counts.',
  },
  { name: 'Epoch', type: 'integer', jsonPath: '.status.observation.lastEpoch' },
  AGE,
  { name: 'Configuration', type: 'integer', jsonPath: '.spec.configuration', priority: 1 },
  { name: 'Parameters', type: 'string', jsonPath: '.spec.parameters', priority: 1 },
];

export const PROFILE_COLUMNS: readonly PrinterColumn[] = [
  { name: 'GPU', type: 'string', jsonPath: '.spec.gpuResourceName' },
  { name: 'Image', type: 'string', jsonPath: '.spec.image', priority: 1 },
  AGE,
];
