import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ExperimentSpec } from '@espalier/api';
import type { createExperiment } from '../integration/k8s/objects.ts';

type Spec = NonNullable<Parameters<typeof createExperiment>[3]>;

/** One small Experiment, and what has to become of it whatever happens meanwhile. */
export interface Job {
  readonly name: string;
  readonly spec: Spec;
  readonly trials: number;
  readonly parallel: number;
  /** `phase/reason` that its Trials may end with. */
  readonly ends: readonly string[];
  /** Whether its files stay after it is deleted. */
  readonly keepsFiles: boolean;
}

/** Names of all Experiments of the soak begin with it. */
export const PREFIX = 'soak-';

const SUCCEEDED = 'Succeeded/Completed';
const fixed = (values: Readonly<Record<string, number>>) =>
  Object.entries(values).map(([name, value]) => ({ name, int: { value } }));
const PACE = { epochs: 4, steps: 5, epochMs: 800, prints: 1 };
/** A little more than what a courier uploads in one piece. */
const LARGE_MIB = 65;

interface Kind {
  readonly spec: Omit<Spec, 'parameters'>;
  readonly parameters: readonly object[];
  readonly trials: number;
  readonly ends: readonly string[];
}

/** Each in its turn, so that three minutes see them all. */
const KINDS: readonly Kind[] = [
  {
    spec: {},
    parameters: [...fixed(PACE), { name: 'top', float: { min: 0.1, max: 0.9 } }],
    trials: 4,
    ends: [SUCCEEDED],
  },
  {
    spec: { earlyStopping: { algorithm: 'asha', min: 1, max: 4, eta: 2, minRungSize: 2 } },
    parameters: [...fixed(PACE), { name: 'top', float: { min: 0.1, max: 0.9 } }],
    trials: 5,
    ends: [SUCCEEDED, 'Stopped/EarlyStopped'],
  },
  {
    // Files of more than one piece, which go with their Experiment.
    spec: { artifacts: { onDelete: 'Delete', checkpoint: { everyEpochs: 2 } } },
    parameters: [...fixed({ ...PACE, mib: LARGE_MIB }), { name: 'top', float: { value: 0.5 } }],
    trials: 1,
    ends: [SUCCEEDED],
  },
  {
    spec: { trainer: { sidecar: true } },
    parameters: [...fixed(PACE), { name: 'top', float: { min: 0.1, max: 0.9 } }],
    trials: 3,
    ends: [SUCCEEDED],
  },
  {
    spec: { search: { algorithm: 'grid' } },
    parameters: [
      ...fixed(PACE),
      { name: 'top', float: { values: [0.3, 0.6] } },
      { name: 'mode', string: { values: ['ok', 'nan'] } },
    ],
    trials: 4,
    ends: [SUCCEEDED, 'Stopped/Diverged'],
  },
];

const PARALLEL = 2;

/** The Experiment of that number. */
export function job(index: number, command: readonly string[]): Job {
  const { spec, parameters, trials, ends } = KINDS[index % KINDS.length] as Kind;
  return {
    name: `${PREFIX}${String(index).padStart(4, '0')}`,
    trials,
    parallel: PARALLEL,
    ends,
    keepsFiles: spec.artifacts?.onDelete !== 'Delete',
    spec: {
      objective: { metric: 'valid_acc', goal: 'maximize' },
      trials: { max: trials, parallel: PARALLEL, maxFailed: 0 },
      // No kill may decide how it ends.
      attempts: { maxRetries: 20, maxDisruptions: 100 },
      ...spec,
      parameters: parameters as ExperimentSpec['parameters'],
      trainer: {
        command: [...command],
        resources: { memory: '768Mi' },
        gracePeriod: '30s',
        ...spec.trainer,
      },
    },
  };
}

const PROGRAM = join(import.meta.dirname, '../integration/streams/programs/quick-trainer.ts');
const NODE = ['/app/node_modules/.bin/node', '--conditions=@espalier/source'];
const UNPACK = `const { gunzipSync } = require('node:zlib');
const text = gunzipSync(Buffer.from(process.argv.slice(1).join(''), 'base64'));
require('node:fs').writeFileSync('/tmp/quick-trainer.mts', text);
import('/tmp/quick-trainer.mts');`;
const ARGUMENT_BYTES = 1024;

/** Runs the quick trainer of the other tests in our trainer's image, whose sources it is made of. */
export function quickTrainer(): readonly string[] {
  const program = readFileSync(PROGRAM, 'utf8')
    .replaceAll("'../../../../", "'/app/")
    .replaceAll("'@espalier/api'", "'/app/api/src/index.ts'");
  const packed = gzipSync(program, { level: 9 }).toString('base64');
  const pieces = packed.match(new RegExp(`.{1,${ARGUMENT_BYTES}}`, 'g')) ?? [];
  return [...NODE, '-e', UNPACK, ...pieces];
}
