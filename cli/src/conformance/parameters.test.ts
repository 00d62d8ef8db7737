import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Experiment, readManifests } from '@espalier/api';
import { exampleParameters, parseGiven } from './parameters.ts';

const MANIFEST = `apiVersion: espalier.dev/v1alpha1
kind: Experiment
metadata: { name: e }
spec:
  objective: { metric: acc, goal: maximize }
  parameters:
    - { name: warmup, int: { min: 10, max: 1000, scale: log }, when: { parameter: schedule, in: [cosine] } }
    - { name: rest, int: { value: 3 }, when: { parameter: schedule, in: [step] } }
    - { name: schedule, string: { values: [cosine, step] } }
    - { name: lr, float: { min: 1.0e-4, max: 1.0e-2, scale: log } }
    - { name: width, float: { min: 0, max: 1, step: 0.4 } }
    - { name: nesterov, bool: { values: [true, false] } }
    - { name: epochs, int: { value: 5 } }
  replicates: { parameter: seed, values: [7, 8] }
`;

function example(...given: string[]): Record<string, unknown> {
  const { experiments, problems } = readManifests(MANIFEST, 'e.yaml');
  assert.deepEqual(problems, []);
  const chosen = exampleParameters(experiments[0] as Experiment, given.map(parseGiven));
  return Object.fromEntries(chosen.map(({ name, ...value }) => [name, value]));
}

test('an example has a value for every parameter that is active, of its type', () => {
  assert.deepEqual(example(), {
    seed: { int: 7 },
    schedule: { string: 'cosine' },
    lr: { float: Math.sqrt(1e-4 * 1e-2) },
    width: { float: 0.4 },
    nesterov: { bool: true },
    epochs: { int: 5 },
    warmup: { int: 100 },
  });
});

test('a value that is given takes the type of its parameter, or that which it looks like', () => {
  const chosen = example('lr=1', 'schedule=3', 'epochs=9', 'new=0.5', 'more=a=b', 'flag=true');
  assert.deepEqual(chosen['lr'], { float: 1 });
  assert.deepEqual(chosen['schedule'], { string: '3' });
  assert.deepEqual(chosen['epochs'], { int: 9 });
  assert.deepEqual(chosen['new'], { float: 0.5 });
  assert.deepEqual(chosen['more'], { string: 'a=b' });
  assert.deepEqual(chosen['flag'], { bool: true });
  assert.throws(() => parseGiven('lr'), /"lr" is not name=value/);
});
