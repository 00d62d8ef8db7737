import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { experimentSchema, type TrialStatus } from '@espalier/api';
import { DurableFiles } from './durable-file.ts';
import { Layout } from './layout.ts';
import { newExperiment, newTrial } from './new-object.ts';
import { ObjectStore } from './object-store.ts';

const ASKED = experimentSchema.parse({
  apiVersion: 'espalier.dev/v1alpha1',
  kind: 'Experiment',
  metadata: { namespace: 'default', name: 'sweep' },
  spec: {
    objective: { metric: 'acc', goal: 'maximize' },
    parameters: [{ name: 'lr', float: { value: 1 } }],
  },
});
const spec = (index: number) => ({
  index,
  configuration: index,
  replicate: 0,
  parameters: [],
  algorithm: 'grid@1',
});
const status = (phase: TrialStatus['phase']): TrialStatus => ({ phase, attempts: [], rungs: [] });

function place(t: TestContext): { layout: Layout; files: DurableFiles; again: () => ObjectStore } {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-objects-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const layout = new Layout(dir);
  const files = new DurableFiles();
  const again = (): ObjectStore => {
    const store = new ObjectStore(layout, files);
    assert.deepEqual(store.load(0), []);
    return store;
  };
  return { layout, files, again };
}

test('records survive a restart, views do not, and each record costs one durable write', async (t) => {
  const { files, again } = place(t);
  const store = again();
  const experiment = await store.createExperiment(newExperiment(ASKED, 0));
  await store.createTrial(experiment, newTrial(experiment, spec(1), 0));
  await store.createTrial(experiment, newTrial(experiment, spec(0), 0));
  const running = (now: object) => ({ ...now, status: status('Running') }) as never;
  await store.updateTrial(experiment, 0, 'record', running);
  await store.updateTrial(experiment, 1, 'view', running);
  assert.equal(files.stats().writes, 4);
  const phases = (from: ObjectStore) =>
    from.trialsOf(experiment.metadata.uid).map((trial) => trial.status?.phase);
  assert.deepEqual(phases(store), ['Running', 'Running']);
  const after = again();
  assert.deepEqual(phases(after), ['Running', undefined]);
  assert.equal(after.experiment(experiment.metadata)?.metadata.uid, experiment.metadata.uid);
});

test('creating what exists gives what exists, and a second Experiment of a name is a conflict', async (t) => {
  const store = place(t).again();
  const experiment = await store.createExperiment(newExperiment(ASKED, 0));
  const [a, b] = await Promise.all([
    store.createTrial(experiment, newTrial(experiment, spec(0), 0)),
    store.createTrial(experiment, newTrial(experiment, spec(0), 0)),
  ]);
  assert.equal(a.metadata.uid, b.metadata.uid);
  await assert.rejects(store.createExperiment(newExperiment(ASKED, 0)), { code: 'Conflict' });
});

test('G4 a Trial that ended keeps its phase', async (t) => {
  const store = place(t).again();
  const experiment = await store.createExperiment(newExperiment(ASKED, 0));
  await store.createTrial(experiment, newTrial(experiment, spec(0), 0));
  const to = (phase: TrialStatus['phase']) =>
    store.updateTrial(experiment, 0, 'record', (now) => ({ ...now, status: status(phase) }));
  await to('Stopped');
  await assert.rejects(to('Running'), { code: 'Terminal' });
});

test('changes of one object follow each other, and every one has a version of its own', async (t) => {
  const { again } = place(t);
  const store = again();
  const experiment = await store.createExperiment(newExperiment(ASKED, 0));
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      store.updateExperiment(experiment.metadata, i % 2 === 0 ? 'record' : 'view', (now) => ({
        ...now,
        metadata: { ...now.metadata, generation: now.metadata.generation + 1 },
      })),
    ),
  );
  const now = store.experiment(experiment.metadata);
  assert.equal(now?.metadata.generation, 21);
  assert.equal(now?.metadata.resourceVersion, '21');
  assert.ok(Number(again().experiment(experiment.metadata)?.metadata.resourceVersion) >= 20);
});

test('a removed Experiment is gone with its Trials, also after a restart', async (t) => {
  const { again } = place(t);
  const store = again();
  const experiment = await store.createExperiment(newExperiment(ASKED, 0));
  const trial = await store.createTrial(experiment, newTrial(experiment, spec(0), 0));
  await store.removeExperiment(experiment.metadata);
  for (const from of [store, again()]) {
    assert.deepEqual(from.experiments(), []);
    assert.equal(from.trial(trial.metadata), undefined);
    assert.deepEqual(from.trialsOf(experiment.metadata.uid), []);
  }
});
