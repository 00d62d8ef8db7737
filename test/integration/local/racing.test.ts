import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Experiment, Trial } from '@espalier/api';
import {
  type LedgerLine,
  newPlace,
  type Place,
  readLedger,
  spawnRunner,
  specOf,
  TRAINER,
} from './kit.ts';

const MAIN = join(import.meta.dirname, '../../../cli/src/main.ts');

function sweep(place: Place, spec: Record<string, unknown>): Experiment {
  return specOf('sweep', {
    attempts: { maxRetries: 0, maxDisruptions: 0 },
    trainer: {
      command: [process.execPath, '--disable-warning=ExperimentalWarning', TRAINER],
      args: [place.ledger],
      gracePeriod: '2s',
    },
    ...spec,
  });
}

/** Runs it to its end although the runner is killed at several of its durable writes. */
async function runWithKills(
  t: TestContext,
  place: Place,
  experiment: Experiment,
  passes: readonly number[],
): Promise<number> {
  let kills = 0;
  for (const pass of passes) {
    const killed = spawnRunner(t, place, experiment, { ESPALIER_FAILPOINT: `any:${pass}` });
    if ((await killed.ended) === 'SIGKILL') kills += 1;
  }
  const last = spawnRunner(t, place, experiment);
  assert.equal(await last.ended, 0, last.stderr());
  assert.ok(kills >= 2, `only ${kills} kills`);
  return kills;
}

function cli(place: Place, ...words: string[]) {
  const args = ['--conditions=@espalier/source', MAIN, ...words, '--dir', place.dir, '-o', 'json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr + stdout);
  return JSON.parse(stdout);
}

test('U23 G9 G15 on a laptop promoted trials go on from their checkpoints, the runner killed again and again', async (t) => {
  const place = newPlace(t);
  // One after the other: the best arrives first, when nobody can be among the best quarter, and waits.
  const experiment = sweep(place, {
    parameters: [
      { name: 'top', float: { values: [0.9, 0.5, 0.1, 0.7] } },
      // Long enough to be stopped before it is done, whatever the machine does meanwhile.
      { name: 'epochs', int: { value: 16 } },
      { name: 'epochMs', int: { value: 150 } },
    ],
    search: { algorithm: 'grid' },
    trials: { max: 4, parallel: 1 },
    earlyStopping: { algorithm: 'asha-promotion', min: 1, max: 4, eta: 4 },
  });
  const kills = await runWithKills(t, place, experiment, [6, 9, 7]);
  const { items }: { items: Trial[] } = cli(place, 'trials', 'sweep');
  const resumes = readLedger(place).filter(({ word }) => word === 'resume');
  let resumed = 0;
  for (const { metadata, status } of items) {
    assert.ok(['Succeeded', 'Stopped'].includes(status?.phase ?? ''), metadata.name);
    for (const [at, { number, outcome, startTime }] of (status?.attempts ?? []).entries()) {
      assert.ok(['Paused', 'Succeeded', 'Interrupted'].includes(outcome ?? ''), `${outcome}`);
      const before = status?.attempts[at - 1];
      // Who was killed with its runner may have had no time to save its first checkpoint.
      const hasSaved = before?.outcome === 'Paused' && before.exitCode === 10;
      if (!hasSaved || outcome === 'Interrupted' || startTime === undefined) continue;
      const isOwn = (line: LedgerLine) => line.trial === metadata.name && line.attempt === number;
      assert.ok(resumes.some(isOwn), `${metadata.name}-a${number} began anew`);
      resumed += 1;
    }
  }
  const promotions = items
    .flatMap(({ status }) => status?.rungs ?? [])
    .filter((rung) => {
      return rung.promoted !== undefined;
    });
  assert.equal(promotions.length, 1);
  assert.equal(items.find(({ status }) => status?.phase === 'Succeeded')?.spec.index, 0);
  const { verdicts, differences } = cli(place, 'verify', 'sweep');
  assert.deepEqual(differences, []);
  t.diagnostic(
    `${kills} kills, ${resumed} attempts that had to resume and did, ${verdicts.equal} verdicts recomputed`,
  );
});

test('G9 G15 on a laptop a race follows from its record whoever was killed, and its leaders are compared', async (t) => {
  const place = newPlace(t);
  const replicates = {
    parameter: 'seed',
    values: [1, 2, 3, 4],
    racing: { eta: 2, confirm: { top: 1, values: [8, 9] } },
  };
  const experiment = sweep(place, {
    parameters: [
      { name: 'top', float: { min: 0, max: 1 } },
      { name: 'epochs', int: { value: 2 } },
    ],
    search: { algorithm: 'tpe', seed: 7 },
    trials: { max: 6, parallel: 2 },
    replicates,
  });
  const kills = await runWithKills(t, place, experiment, [10, 20, 15]);
  const { suggestions, differences, unknowns } = cli(place, 'verify', 'sweep');
  assert.deepEqual([differences, unknowns], [[], []]);
  const best = cli(place, 'best', 'sweep');
  assert.deepEqual([best.replicates, best.confirmed], [2, true]);
  assert.ok(best.checkpoint, 'the best keeps its checkpoint');
  const { configurations } = cli(place, 'compare', 'sweep');
  assert.equal(configurations.length, 6);
  assert.equal(configurations[0].configuration, best.configuration);
  t.diagnostic(`${kills} kills, ${suggestions.equal} decisions recomputed`);
});
