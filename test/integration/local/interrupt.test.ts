import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRunner } from '@espalier/controller/local';
import {
  experimentOf,
  newPlace,
  processesIn,
  readLedger,
  runnerOf,
  runToEnd,
  spawnRunner,
  trialsOf,
  until,
} from './kit.ts';

const SLOW = [
  { name: 'epochs', int: { value: 6 } },
  { name: 'epochMs', int: { value: 150 } },
];
/** Interruptions must fit into no budget at all. */
const NO_BUDGET = { attempts: { maxRetries: 0, maxDisruptions: 0 } };

test('U22 an interrupt lets trainers save, ends nothing, and the next runner resumes them', async (t) => {
  const place = newPlace(t);
  const experiment = experimentOf(place, 'resumed', ['ok', 'two'], NO_BUDGET, SLOW);
  const first = await startRunner({ dir: place.dir, trainerCommand: [], allowCpu: true });
  await first.apply(experiment);
  await until('both have a checkpoint', async () => {
    const views = await first.trials(experiment.metadata);
    return views.length === 2 && views.every(({ live }) => (live?.epoch ?? 0) >= 2);
  });
  await first.interrupt();
  const saved = readLedger(place).filter(({ word }) => word === 'saved');
  assert.equal(saved.length, 2, 'SIGTERM reached both and they had time to save');
  assert.deepEqual(processesIn(place), []);

  const second = await runnerOf(t, place);
  const interrupted = await trialsOf(second, experiment);
  assert.ok(interrupted.every(({ status }) => status?.completionTime === undefined));
  const ended = await runToEnd(second, experiment);
  assert.equal(ended.status?.phase, 'Succeeded');
  const trials = await trialsOf(second, experiment);
  for (const { metadata, status } of trials) {
    assert.deepEqual(
      status?.attempts.map(({ outcome }) => outcome),
      ['Interrupted', 'Succeeded'],
    );
    const resumed = readLedger(place).find(
      ({ word, trial }) => word === 'resume' && trial === metadata.name,
    );
    const until = Number(saved.find(({ trial }) => trial === metadata.name)?.more[0]);
    assert.equal(Number(resumed?.more[0]), until, 'from its newest checkpoint');
    assert.equal(status?.observation?.points, 6, 'reports of both attempts count');
    assert.ok(
      status?.artifacts?.checkpoint !== undefined || metadata.name !== ended.status?.best?.trial,
    );
  }
  t.diagnostic(`2 trials interrupted at epochs ${saved.map(({ more }) => more[0]).join(', ')}`);
});

test('an interrupt twice kills what does not end, and nothing is lost', async (t) => {
  const place = newPlace(t);
  const experiment = experimentOf(
    place,
    'stubborn',
    ['ignore-term'],
    { ...NO_BUDGET, trainer: { ...trainerOf(place), gracePeriod: '60s' } },
    SLOW,
  );
  const runner = await startRunner({ dir: place.dir, trainerCommand: [], allowCpu: true });
  await runner.apply(experiment);
  await until('it runs', () => readLedger(place).length > 0);
  const gently = runner.interrupt();
  await until('SIGTERM came', () => readLedger(place).some(({ word }) => word === 'ignored'));
  const began = performance.now();
  await runner.kill();
  await gently;
  assert.ok(performance.now() - began < 2000);
  assert.deepEqual(processesIn(place), []);
  const next = await runnerOf(t, place);
  await next.apply(experiment);
  await until('it runs again', async () => {
    const [view] = await next.trials(experiment.metadata);
    return view?.live?.attempt === 1;
  });
  const [view] = await next.trials(experiment.metadata);
  assert.deepEqual(view?.trial.status?.attempts[0]?.outcome, 'Interrupted');
});

test('G1 trainers that outlive a killed runner are ended before anything starts', async (t) => {
  const place = newPlace(t);
  const experiment = experimentOf(place, 'orphans', ['ignore-term', 'ok'], NO_BUDGET, SLOW);
  const runner = spawnRunner(t, place, experiment);
  await until(
    'both run',
    () => readLedger(place).filter(({ word }) => word === 'start').length === 2,
  );
  const pids = readLedger(place).map(({ pid }) => pid);
  runner.child.kill('SIGKILL');
  await runner.ended;
  assert.ok(
    pids.every((pid) => processesIn(place).includes(pid)),
    'they live on',
  );
  const next = await runnerOf(t, place, {}, { orphanGraceMs: 500 });
  const left = processesIn(place).filter((pid) => pids.includes(pid));
  assert.deepEqual(left, [], 'none when the runner is there');
  await next.apply(experiment);
  await until('the gentle one resumes', () =>
    readLedger(place).some(({ word, attempt }) => word === 'complete' && attempt === 1),
  );
});

function trainerOf(place: { readonly ledger: string }) {
  return experimentOf(place as never, 'x', ['ok']).spec.trainer;
}
