import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Experiment, Trial } from '@espalier/api';
import { openClient } from '@espalier/controller/local';
import { newPlace, type Place, processesIn, spawnRunner, specOf } from './kit.ts';

const ROOT = join(import.meta.dirname, '../../..');
const MAIN = join(ROOT, 'cli/src/main.ts');
/** Its model tells which trials have trained it, from which step on. */
const TRAINER = join(ROOT, 'test/integration/streams/programs/quick-trainer.ts');
const SIZE = 4;
/** Draws members each of which is worse than the one before. */
const SEED = 253;

function population(): Experiment {
  const fixed = { epochs: 30, steps: 4, epochMs: 100 };
  return specOf('pbt', {
    objective: { metric: 'valid_acc', goal: 'maximize' },
    parameters: [
      { name: 'top', float: { min: 0, max: 1 } },
      ...Object.entries(fixed).map(([name, value]) => ({ name, int: { value } })),
    ],
    search: {
      algorithm: 'pbt',
      seed: SEED,
      population: { size: SIZE, interval: 2, max: 30, quantile: 0.5 },
    },
    trials: { max: 10, parallel: SIZE },
    trainer: {
      command: [process.execPath, '--conditions=@espalier/source', TRAINER],
      gracePeriod: '10s',
    },
    artifacts: { keep: 'all' },
  });
}

async function trialsIn(place: Place): Promise<readonly Trial[]> {
  const client = await openClient(place.dir);
  try {
    const views = await client.trials({ namespace: 'default', name: 'pbt' });
    return views.map(({ trial }) => trial);
  } finally {
    await client.close();
  }
}

/** `<trial>@<step>` for each trial that has trained the model, the last one last. */
function lineageOf({ status }: Trial): readonly string[] {
  const uri = status?.artifacts?.checkpoint?.uri;
  if (uri === undefined) return [];
  const [line = ''] = readFileSync(fileURLToPath(uri), 'utf8').split('\n');
  return line.trim().split(' ');
}

test('G8 G9 G15 members go on from the weights of their donors, whatever killed the runner', async (t) => {
  const place = newPlace(t);
  let kills = 0;
  for (const pass of [30, 45, 60]) {
    const env = { ESPALIER_FAILPOINT: `any:${pass}` };
    const killed = spawnRunner(t, place, population(), env);
    if ((await killed.ended) === 'SIGKILL') kills += 1;
  }
  const last = spawnRunner(t, place, population());
  assert.equal(await last.ended, 0, last.stderr());
  assert.ok(
    last.lines.some(({ phase }) => phase === 'Succeeded'),
    last.stderr(),
  );
  assert.ok(kills >= 1, 'the runner was killed');

  const trials = await trialsIn(place);
  const children = trials.filter(({ spec }) => spec.parent !== undefined);
  const exploited = trials.filter(({ status }) => status?.reason === 'Exploited');
  const done = trials.filter(({ status }) => status?.phase === 'Succeeded');
  assert.equal(done.length, SIZE);
  assert.ok(children.length > 0 && exploited.length > 0);
  let proven = 0;
  for (const child of children) {
    const { parent } = child.spec;
    const lineage = lineageOf(child);
    if (parent === undefined || lineage.length === 0) continue;
    const own = lineage.findIndex((one) => one.startsWith(`${child.metadata.name}@`));
    // The weights of the donor's checkpoint, and not those of whoever was replaced.
    assert.equal(lineage[own], `${child.metadata.name}@${parent.step}`, lineage.join(' '));
    assert.match(lineage[own - 1] ?? '', new RegExp(`^${parent.trial}@`));
    const donor = trials.find(({ metadata }) => metadata.name === parent.trial);
    assert.equal(donor?.metadata.uid, parent.uid);
    const [first] = child.status?.rungs ?? [];
    assert.ok(first === undefined || first.step > (parent.epoch ?? 0));
    proven += 1;
  }
  assert.ok(proven > 0, 'a child left its model');

  const args = ['--conditions=@espalier/source', MAIN, 'verify', 'pbt', '--dir', place.dir];
  const verified = spawnSync(process.execPath, [...args, '-o', 'json'], { encoding: 'utf8' });
  assert.equal(verified.status, 0, verified.stderr + verified.stdout);
  const found = JSON.parse(verified.stdout);
  assert.equal(found.suggestions.equal, trials.length);
  assert.deepEqual(processesIn(place), []);
  t.diagnostic(
    `${kills} kills, ${trials.length} members, ${exploited.length} replaced, ${proven} of ${children.length} lineages read from models, ${found.verdicts.equal} verdicts equal`,
  );
});
