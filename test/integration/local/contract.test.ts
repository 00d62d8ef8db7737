import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  experimentOf,
  newPlace,
  QUICK_TRAINER,
  runnerOf,
  runToEnd,
  specOf,
  trialsOf,
} from './kit.ts';

const HOSTILE = [
  `it's "quoted"`,
  'two\nlines\r\n',
  '$(touch pwned) `touch pwned` $HOME',
  '; rm -rf / #',
  '\\ \t * ? [a] {b,c} ~ & | < > !',
  '',
  '-n',
  'käse 🌳 \u2028',
];

test('K10 arguments and parameters arrive byte for byte, through no shell', async (t) => {
  const place = newPlace(t);
  const runner = await runnerOf(t, place);
  const base = experimentOf(place, 'hostile', ['argv']);
  const experiment = specOf('hostile', {
    ...base.spec,
    parameters: [...base.spec.parameters, { name: 'text', string: { values: HOSTILE } }],
    trials: { max: HOSTILE.length, parallel: 2 },
    trainer: { ...base.spec.trainer, args: [place.ledger, ...HOSTILE] },
  });
  await runToEnd(runner, experiment);
  const trials = await trialsOf(runner, experiment);
  assert.equal(trials.length, HOSTILE.length);
  for (const { status, spec } of trials) {
    const folder = fileURLToPath(status?.artifacts?.folder ?? '');
    const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
    assert.deepEqual(read('argv.json'), [place.ledger, ...HOSTILE]);
    const env: Record<string, string> = read('env.json');
    assert.deepEqual(JSON.parse(env['ESPALIER_TRIAL'] ?? '').parameters, spec.parameters);
    assert.deepEqual(
      Object.keys(env).filter((name) => HOSTILE.includes(env[name] ?? '')),
      [],
    );
  }
  assert.ok(!existsSync('pwned'));
  t.diagnostic(`${HOSTILE.length} hostile texts as arguments and as parameters`);
});

test('a trainer inherits no secret, and its share of the CPUs', async (t) => {
  const place = newPlace(t);
  process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';
  process.env['CUDA_TEST'] = '1';
  t.after(() => {
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    delete process.env['CUDA_TEST'];
  });
  const runner = await runnerOf(t, place, { cpus: 9 });
  const experiment = experimentOf(place, 'env', ['argv', 'ok', 'x', 'y'], {
    trials: { max: 4, parallel: 4 },
  });
  await runToEnd(runner, experiment);
  const [trial] = await trialsOf(runner, experiment);
  const path = join(fileURLToPath(trial?.status?.artifacts?.folder ?? ''), 'env.json');
  const env: Record<string, string> = JSON.parse(readFileSync(path, 'utf8'));
  assert.equal(env['AWS_SECRET_ACCESS_KEY'], undefined);
  assert.equal(env['CUDA_TEST'], '1');
  assert.deepEqual(
    [env['ESPALIER_CPU_THREADS'], env['TF_NUM_INTRAOP_THREADS'], env['OMP_NUM_THREADS']],
    ['2', '2', '2'],
  );
});

test('K12 trials that end at once keep their metrics; at most 3 durable writes each', async (t) => {
  const place = newPlace(t);
  let writes = 0;
  const runner = await runnerOf(
    t,
    place,
    {},
    {
      onStats: (stats) => {
        writes = stats.writes;
        t.diagnostic(`${stats.writes} durable writes, ${stats.meanMs.toFixed(2)} ms each`);
      },
    },
  );
  const experiment = specOf('instant', {
    parameters: [{ name: 'lr', float: { min: 0.001, max: 1 } }],
    trials: { max: 12, parallel: 3 },
    trainer: { command: [QUICK_TRAINER], args: [place.ledger] },
  });
  await runToEnd(runner, experiment);
  for (const { spec, status } of await trialsOf(runner, experiment)) {
    assert.equal(status?.phase, 'Succeeded');
    assert.equal(status.observation?.value, spec.parameters[0]?.float);
  }
  await runner.close();
  assert.ok(writes > 0 && writes <= 3 * 12, `${writes} writes for 12 trials`);
});

test('at most 3 durable writes per trial and one per rung, with early stopping', async (t) => {
  const place = newPlace(t);
  let writes = 0;
  const onStats = (stats: { readonly writes: number }): void => {
    writes = stats.writes;
  };
  const runner = await runnerOf(t, place, {}, { onStats });
  const modes = Array.from({ length: 12 }, (_, i) => `m${i}`);
  const earlyStopping = { algorithm: 'asha', min: 1, max: 4, eta: 2, minRungSize: 3 };
  const experiment = experimentOf(place, 'asha', modes, { earlyStopping }, [
    { name: 'epochs', int: { value: 4 } },
    { name: 'epochMs', int: { value: 60 } },
  ]);
  await runToEnd(runner, experiment);
  const trials = await trialsOf(runner, experiment);
  await runner.close();
  const rungs = trials.reduce((sum, { status }) => sum + (status?.rungs.length ?? 0), 0);
  assert.ok(rungs >= 12);
  assert.ok(writes <= 3 * 12 + rungs, `${writes} writes for 12 trials with ${rungs} rungs`);
  const best = (await runner.experiment(experiment.metadata))?.status?.best;
  const kept = trials.filter(({ status }) => status?.artifacts?.checkpoint !== undefined);
  assert.deepEqual(
    kept.map(({ metadata }) => metadata.name),
    [best?.trial],
    'only the best keeps its checkpoint',
  );
  const model = fileURLToPath(best?.checkpoint?.uri ?? '');
  assert.ok(existsSync(model));
  t.diagnostic(`${writes} durable writes, 12 trials, ${rungs} rungs`);
});
