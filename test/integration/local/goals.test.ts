import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Experiment, Trial } from '@espalier/api';
import { newPlace, type Place, spawnRunner, specOf } from './kit.ts';

const PROGRAMS = join(import.meta.dirname, 'programs');
const MAIN = join(import.meta.dirname, '../../../cli/src/main.ts');

interface Row {
  readonly name: string;
  readonly acc: number;
  readonly ms: number;
  readonly mb: number;
  readonly parameters: Readonly<Record<string, number>>;
}

/** Two objectives and a constraint, of a trainer that tells all three by its parameters. */
function experimentOf(place: Place, name: string, spec: object): Experiment {
  return specOf(name, {
    objective: undefined,
    objectives: [
      { metric: 'acc', goal: 'maximize' },
      { metric: 'ms', goal: 'minimize', report: 'last' },
    ],
    constraints: [{ metric: 'mb', max: 40 }],
    parameters: [
      { name: 'x', float: { min: 0, max: 1 } },
      { name: 'width', int: { min: 1, max: 8 } },
    ],
    trainer: { command: ['sh', join(PROGRAMS, 'two-goals-trainer.sh')], args: [place.ledger] },
    ...spec,
  });
}

function espalier(place: Place, ...words: string[]) {
  const args = ['--conditions=@espalier/source', MAIN, ...words, '--dir', place.dir, '-o', 'json'];
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(ran.status, 0, ran.stderr + ran.stdout);
  return JSON.parse(ran.stdout);
}

/** Runs it with a runner that is killed at a write again and again; returns how often it was. */
async function runWithKills(t: TestContext, place: Place, object: Experiment): Promise<number> {
  let kills = 0;
  for (const pass of [3, 9, 20, 45]) {
    const killed = spawnRunner(t, place, object, { ESPALIER_FAILPOINT: `any:${pass}` });
    if ((await killed.ended) === 'SIGKILL') kills += 1;
  }
  const last = spawnRunner(t, place, object);
  assert.equal(await last.ended, 0, last.stderr());
  return kills;
}

function rowsOf(place: Place, name: string): Row[] {
  const { items } = espalier(place, 'trials', name) as { readonly items: readonly Trial[] };
  return items.map(({ metadata, spec, status }) => {
    const of = (metric: string) =>
      status?.observation?.values?.find((one) => one.metric === metric)?.value ?? Number.NaN;
    const parameters = Object.fromEntries(
      spec.parameters.map((one) => [one.name, one.float ?? one.int ?? Number.NaN]),
    );
    return { name: metadata.name, acc: of('acc'), ms: of('ms'), mb: of('mb'), parameters };
  });
}

function frontOf(rows: readonly Row[]): string[] {
  const kept = rows.filter(({ mb }) => mb <= 40);
  const beats = (a: Row, b: Row) =>
    a.acc >= b.acc && a.ms <= b.ms && (a.acc > b.acc || a.ms < b.ms);
  return kept.filter((row) => !kept.some((other) => beats(other, row))).map(({ name }) => name);
}

test('U24 G9 G15 two objectives under a constraint, then a warm start from them, with a runner that is killed again and again', async (t) => {
  const place = newPlace(t);
  const first = experimentOf(place, 'first', {
    search: { algorithm: 'sobol', seed: 3 },
    trials: { max: 12, parallel: 3 },
  });
  const plain = spawnRunner(t, place, first);
  assert.equal(await plain.ended, 0, plain.stderr());

  const second = experimentOf(place, 'second', {
    search: { algorithm: 'tpe', seed: 4 },
    trials: { max: 16, parallel: 3 },
    parameterConstraints: [
      { sum: [{ parameter: 'x', weight: 4 }, { parameter: 'width' }], max: 7 },
    ],
    enqueue: [{ parameters: [{ name: 'x', float: 0.5 }] }],
    warmStart: { experiments: ['first'], enqueue: 1 },
  });
  const kills = await runWithKills(t, place, second);
  assert.ok(kills >= 2, `only ${kills} kills`);

  const rows = rowsOf(place, 'second').toSorted((a, b) => (a.name < b.name ? -1 : 1));
  assert.equal(rows.length, 16);
  for (const { parameters } of rows) {
    assert.ok(4 * (parameters['x'] ?? 9) + (parameters['width'] ?? 9) <= 7);
  }
  assert.equal(rows[0]?.parameters['x'], 0.5);
  const fitting = rowsOf(place, 'first').filter(
    ({ mb, parameters }) => mb <= 40 && 4 * (parameters['x'] ?? 9) + mb / 10 <= 7,
  );
  const [best] = fitting.toSorted((a, b) => b.acc - a.acc || a.ms - b.ms);
  assert.deepEqual(rows[1]?.parameters, best?.parameters, 'the best of the first is tried again');

  const document = espalier(place, 'best', 'second');
  const front: string[] = document.pareto.map(({ trial }: { trial: string }) => trial);
  assert.deepEqual(front.toSorted(), frontOf(rows));
  assert.equal(document.trial, front[0]);
  const found = espalier(place, 'verify', 'second');
  assert.deepEqual(found.suggestions, { equal: 16, different: 0, unknown: 0 });
  t.diagnostic(
    `${kills} kills; ${front.length} of 16 on the front; ${fitting.length} earlier ones fit; all replayed`,
  );
});
