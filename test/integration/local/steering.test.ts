import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Experiment } from '@espalier/api';
import { EspalierError, type LocalClient, openClient } from '@espalier/controller/local';
import {
  experimentOf,
  newPlace,
  type Place,
  processesIn,
  QUICK_TRAINER,
  type RunnerProcess,
  readLedger,
  spawnRunner,
  specOf,
  until,
} from './kit.ts';

interface Scene {
  readonly place: Place;
  readonly runner: RunnerProcess;
  readonly client: LocalClient;
  readonly experiment: Experiment;
}

/** A runner in another process with many trials of 100 ms, and a client of its folder. */
async function scene(t: TestContext, spec: Record<string, unknown> = {}): Promise<Scene> {
  const place = newPlace(t);
  const experiment = specOf('steered', {
    parameters: [{ name: 'lr', float: { min: 0.001, max: 1 } }],
    trials: { max: 1000, parallel: 2 },
    trainer: { command: [QUICK_TRAINER], args: [place.ledger, '0.1'], gracePeriod: '2s' },
    ...spec,
  });
  const runner = spawnRunner(t, place, experiment);
  await until('three trials are complete', () => completions(place) >= 3);
  return { place, runner, client: await openClient(place.dir), experiment };
}

const completions = (place: Place): number =>
  readLedger(place).filter(({ word }) => word === 'complete').length;

test('U18 pause and resume from another process: no trial begins in between', async (t) => {
  const { place, client, experiment } = await scene(t);
  const key = experiment.metadata;
  await client.setDesiredState(key, 'Pause');
  await until('it is paused', async () => {
    const [current, trials] = [await client.experiment(key), await client.trials(key)];
    return current?.status?.phase === 'Paused' && trials.every(({ live }) => live === undefined);
  });
  const paused = completions(place);
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.equal(completions(place), paused);
  await client.setDesiredState(key, 'Run');
  await until('it goes on', () => completions(place) >= paused + 2);
  t.diagnostic(`${paused} trials before the pause, none for 400 ms`);
});

test('stop lets the running trials end, and the Experiment has its best', async (t) => {
  const { place, client, runner, experiment } = await scene(t);
  await client.setDesiredState(experiment.metadata, 'Stop');
  assert.equal(await runner.ended, 0);
  const stored = await client.experiment(experiment.metadata);
  assert.equal(`${stored?.status?.phase} ${stored?.status?.reason}`, 'Succeeded StopRequested');
  const trials = await client.trials(experiment.metadata);
  assert.equal(trials.length, completions(place), 'every trial that began is complete');
  await assert.rejects(
    client.setDesiredState(experiment.metadata, 'Run'),
    (error) => error instanceof EspalierError && error.code === 'InvalidSpec',
  );
});

test('K16 cancel ends the running trials now and leaves no process', async (t) => {
  const { place, client, runner, experiment } = await scene(t, {
    trials: { max: 1000, parallel: 4 },
  });
  await client.setDesiredState(experiment.metadata, 'Cancel');
  assert.equal(await runner.ended, 0);
  assert.deepEqual(processesIn(place), []);
  const stored = await client.experiment(experiment.metadata);
  assert.equal(stored?.status?.phase, 'Cancelled');
  const open = (await client.trials(experiment.metadata)).filter(
    ({ trial }) => trial.status?.completionTime === undefined,
  );
  assert.deepEqual(open, []);
});

test('G10 delete ends the processes, removes the objects and, as asked, the artifacts', async (t) => {
  const { place, client, runner, experiment } = await scene(t, {
    artifacts: { onDelete: 'Delete' },
  });
  await client.deleteExperiment(experiment.metadata);
  assert.equal(await client.experiment(experiment.metadata), undefined);
  assert.deepEqual(readdirSync(join(place.dir, 'objects/default')), []);
  assert.deepEqual(readdirSync(join(place.dir, 'artifacts/default')), []);
  assert.deepEqual(readdirSync(join(place.dir, 'run')), []);
  await runner.ended;
  assert.deepEqual(processesIn(place), []);
});

test('without a runner the client edits the objects itself, and the next runner obeys', async (t) => {
  const { place, client, runner, experiment } = await scene(t);
  runner.child.kill('SIGKILL');
  await runner.ended;
  const before = await client.trials(experiment.metadata);
  await client.setDesiredState(experiment.metadata, 'Cancel');
  const next = spawnRunner(t, place, experiment);
  assert.equal(await next.ended, 0);
  assert.ok(next.lines.some((line) => line['phase'] === 'Cancelled'));
  assert.equal((await client.trials(experiment.metadata)).length, before.length, 'none began');
  assert.deepEqual(processesIn(place), []);
  await client.deleteExperiment(experiment.metadata);
  assert.deepEqual(await client.experiments(), []);
  assert.ok(existsSync(join(place.dir, 'artifacts/default')), 'Retain keeps the artifacts');
});

test('a folder with a path too long for a socket is steered all the same', async (t) => {
  const place = newPlace(t);
  const deep = { ...place, dir: join(place.root, 'd'.repeat(100), 'e'.repeat(100)) };
  const experiment = experimentOf(place, 'deep', ['ok'], {}, [
    { name: 'epochMs', int: { value: 100 } },
    { name: 'epochs', int: { value: 100 } },
  ]);
  const runner = spawnRunner(t, deep, experiment);
  await until('it runs', () => readLedger(place).length > 0);
  assert.ok(!existsSync(join(deep.dir, 'socket')));
  const client = await openClient(deep.dir);
  await until('its epoch shows', async () => {
    const [view] = await client.trials(experiment.metadata);
    return (view?.live?.epoch ?? 0) > 0 && view?.live?.metrics['acc'] !== undefined;
  });
  await client.setDesiredState(experiment.metadata, 'Cancel');
  assert.equal(await runner.ended, 0);
});
