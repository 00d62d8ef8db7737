import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Experiment } from '@espalier/api';
import { newPlace, type Place, spawnRunner, specOf, TEST_ALL, TRAINER } from './kit.ts';

const MAX = TEST_ALL ? 40 : 16;
const MAIN = join(import.meta.dirname, '../../../cli/src/main.ts');

/** A sweep that learns from its results and is judged at the first and the second of four epochs. */
function sweep(place: Place, algorithm: string): Experiment {
  return specOf('sweep', {
    parameters: [
      { name: 'top', float: { min: 0, max: 1 } },
      { name: 'width', int: { values: [16, 32, 64] } },
      { name: 'epochs', int: { value: 4 } },
      { name: 'epochMs', int: { value: 30 } },
    ],
    search: { algorithm, seed: 7 },
    trials: { max: MAX, parallel: 3 },
    earlyStopping: { algorithm: 'asha', min: 1, max: 4, eta: 2, minRungSize: 3 },
    trainer: {
      command: [process.execPath, '--disable-warning=ExperimentalWarning', TRAINER],
      args: [place.ledger],
      gracePeriod: '2s',
    },
  });
}

function verify(place: Place, ...words: string[]) {
  const args = ['--conditions=@espalier/source', MAIN, 'verify', 'sweep', '--dir', place.dir];
  return spawnSync(process.execPath, [...args, ...words], { encoding: 'utf8' });
}

async function runWithKills(t: TestContext, place: Place, algorithm: string): Promise<number> {
  const object = sweep(place, algorithm);
  let kills = 0;
  for (const pass of [25, 60, 35, 90]) {
    const killed = spawnRunner(t, place, object, { ESPALIER_FAILPOINT: `any:${pass}` });
    if ((await killed.ended) === 'SIGKILL') kills += 1;
  }
  const last = spawnRunner(t, place, object);
  assert.equal(await last.ended, 0, last.stderr());
  return kills;
}

// gp is asked on the search thread from the eleventh configuration on.
for (const algorithm of ['tpe', 'gp']) {
  test(`G15 K3 G9 a ${algorithm} sweep whose runner was killed again and again is recomputed from its folder`, async (t) => {
    const place = newPlace(t);
    const kills = await runWithKills(t, place, algorithm);
    assert.ok(kills >= 2, `only ${kills} kills`);
    const whole = verify(place, '-o', 'json');
    assert.equal(whole.status, 0, whole.stderr + whole.stdout);
    const found = JSON.parse(whole.stdout);
    assert.deepEqual(found.suggestions, { equal: MAX, different: 0, unknown: 0 });
    const { equal, ...others } = found.verdicts;
    assert.deepEqual(others, { different: 0, unknown: 0 });
    assert.ok(equal > 0);
    t.diagnostic(
      `${kills} kills; ${found.suggestions.equal} suggestions and ${equal} verdicts equal`,
    );

    const name = `sweep-000${MAX - 4}`;
    const before = changeOnDisk(place, name);
    const changed = verify(place);
    assert.equal(changed.status, 8, changed.stderr + changed.stdout);
    assert.match(
      changed.stderr,
      new RegExp(`^${name}: parameter top is .*, but ${before} \\(float\\)`),
    );
  });
}

/** Changes the parameter `top`; returns what it was. */
function changeOnDisk(place: Place, name: string): string {
  for (const file of readdirSync(place.dir, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.json')) continue;
    const path = join(place.dir, file);
    const text = readFileSync(path, 'utf8');
    const object = JSON.parse(text);
    if (object.kind !== 'Trial' || object.metadata.name !== name) continue;
    const { float } = object.spec.parameters[0];
    writeFileSync(path, text.replace(`"float":${float}`, `"float":${1 - float}`));
    return String(float);
  }
  throw new Error(`no file of ${name}`);
}
