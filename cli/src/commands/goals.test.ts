import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { espalier } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { endedTrial, experiment } from '../testing/objects.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-goals-'));
});
after(() => rmSync(dir, { recursive: true }));

const where = () => ['--dir', dir];
const values = (acc: number, ms: number) => [
  { metric: 'valid_acc', value: acc },
  { metric: 'ms', value: ms },
];
const SEEN = { lastStep: 800, lastEpoch: 8, points: 8, step: 700, epoch: 7 };

/** Three configurations, the second of which the first beats in both objectives. */
function twoObjectives(): FakeEngine {
  const results = [
    { acc: 0.9, ms: 5 },
    { acc: 0.8, ms: 6 },
    { acc: 0.7, ms: 2 },
  ] as const;
  const parameters = (index: number) => [{ name: 'lr', float: 0.001 * (index + 1) }];
  const entry = (index: 0 | 2) => ({
    trial: `digits-0000${index}`,
    configuration: index,
    values: values(results[index].acc, results[index].ms),
    parameters: parameters(index),
  });
  const object = experiment({
    spec: {
      objective: undefined,
      objectives: [
        { metric: 'valid_acc', goal: 'maximize', target: 0.99 },
        { metric: 'ms', goal: 'minimize' },
      ],
      constraints: [{ metric: 'mb', min: 1, max: 100 }],
      warmStart: { experiments: ['first', 'second'] },
      search: { algorithm: 'tpe', seed: 1 },
    },
    status: {
      phase: 'Succeeded',
      best: { ...entry(0), value: 0.9, step: 700 },
      pareto: { size: 3, front: [entry(0), entry(2)] },
      warmStart: { configurations: [{ ...entry(0), experiment: 'first' }] },
    },
  });
  const trials = results.map(({ acc, ms }, index) =>
    endedTrial(index, acc, {
      status: { observation: { ...SEEN, value: acc, values: [...values(acc, ms), mb(index)] } },
    }),
  );
  return new FakeEngine().add(object, trials);
}

const mb = (index: number) => ({ metric: 'mb', value: 10 + index });

test('U24 trials shows every objective and what constraints are judged on', async () => {
  const ran = await espalier(['trials', 'digits', ...where()], twoObjectives());
  assert.match(ran.stdout, /VALID_ACC +MS +MB/);
  assert.match(ran.stdout, /digits-00002 .*0\.7000 +2\.0+ +12\.0+/);
});

test('U24 get, best and report show all values of the best, and the front', async () => {
  const page = await espalier(['get', 'digits', ...where()], twoObjectives());
  for (const line of [
    /^Objective: +maximize valid_acc, target 0\.99; minimize ms$/m,
    /^Constraints: +1 <= mb <= 100$/m,
    /^Warm start: +1 configuration of first, second$/m,
    /^Front: +digits-00000: valid_acc 0\.9000, ms 5/m,
    /^Front: +digits-00002: valid_acc 0\.7000, ms 2/m,
    /^Front: +and 1 more$/m,
  ]) {
    assert.match(page.stdout, line);
  }
  const ran = await espalier(['best', 'digits', '--json', ...where()], twoObjectives());
  const document = JSON.parse(ran.stdout);
  assert.deepEqual(document.values, { valid_acc: 0.9, ms: 5 });
  assert.deepEqual(
    document.pareto.map((one: { trial: string }) => one.trial),
    ['digits-00000', 'digits-00002'],
  );
  const report = await espalier(['report', 'digits', ...where()], twoObjectives(), { cwd: dir });
  const html = readFileSync(report.stdout.trim(), 'utf8');
  for (const cell of [
    'maximize valid_acc, target 0.99; minimize ms over',
    '1 &#60;= mb &#60;= 100',
    'digits-00002: valid_acc 0.7000, ms 2.0000',
  ]) {
    assert.ok(html.includes(`<td>${cell}`), cell);
  }
  const best = await espalier(['best', 'digits', ...where()], twoObjectives());
  assert.match(best.stdout, /^ms: +5/m);
  assert.match(best.stdout, /^front: +digits-00002: valid_acc 0\.7000, ms 2/m);
});
