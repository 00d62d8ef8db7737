import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Experiment, experimentSchema } from '@espalier/api';
import { checkApplied, planApply } from './apply.ts';
import { newExperiment } from './new-object.ts';

function asked(spec: object = {}, name = 'sweep'): Experiment {
  return experimentSchema.parse({
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Experiment',
    metadata: { namespace: 'default', name },
    spec: {
      objective: { metric: 'acc', goal: 'maximize' },
      parameters: [{ name: 'lr', float: { min: 0.1, max: 1 } }],
      ...spec,
    },
  });
}
const existing = (spec: object = {}, phase?: 'Running' | 'Succeeded'): Experiment => {
  const made = newExperiment(asked(spec), 0);
  return phase === undefined ? made : { ...made, status: { ...STATUS, phase } };
};
const STATUS = { observedGeneration: 1, conditions: [] };

const cases: Record<string, { was?: Experiment; now: Experiment; want: string }> = {
  'a new name is created': { now: asked(), want: 'created' },
  'the same again goes on': { was: existing(), now: asked(), want: 'unchanged' },
  'more trials are an update': {
    was: existing(),
    now: asked({ trials: { max: 9, parallel: 3 } }),
    want: 'updated',
  },
  'the end is final': {
    was: existing({}, 'Succeeded'),
    now: asked({ trials: { max: 9 } }),
    want: 'finished',
  },
  'a manifest that says Run resumes a pause': {
    was: existing({ desiredState: 'Pause' }),
    now: asked(),
    want: 'updated',
  },
  'a manifest that says Run does not undo a cancel': {
    was: existing({ desiredState: 'Cancel' }),
    now: asked(),
    want: 'unchanged',
  },
};
for (const [name, { was, now, want }] of Object.entries(cases)) {
  test(name, () => assert.equal(planApply(was, now).outcome, want));
}

test('what must not differ is named by its path, also after the end', () => {
  const next = asked({
    search: { seed: 2 },
    parameters: [{ name: 'lr', float: { min: 0.2, max: 1 } }],
  });
  for (const phase of ['Running', 'Succeeded'] as const) {
    assert.throws(() => planApply(existing({}, phase), next), {
      code: 'InvalidSpec',
      message:
        'sweep exists with another spec.parameters[0].float.min, spec.search.seed; ' +
        'use another name, or delete it first',
    });
  }
});

test('during a deletion the name is not free', () => {
  const was = existing();
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  const going = { ...was, metadata: { ...was.metadata, deletionTimestamp } };
  assert.throws(() => planApply(going, asked()), { code: 'Conflict' });
});

test('a name that would leave its folder is refused, and so is a spec that cannot run', () => {
  for (const name of ['../x', 'a/b', 'A', '.', '..']) {
    assert.throws(() => checkApplied(asked({}, name)), { code: 'InvalidSpec' });
  }
  const grid = asked({ search: { algorithm: 'grid' } });
  assert.throws(() => checkApplied(grid), { code: 'InvalidSpec', message: /grid/ });
});
