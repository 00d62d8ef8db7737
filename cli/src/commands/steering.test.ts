import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { espalier } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { at, experiment } from '../testing/objects.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-steering-'));
});
after(() => rmSync(dir, { recursive: true }));

const ended = () =>
  new FakeEngine().add(experiment({ status: { phase: 'Succeeded', completionTime: at(50) } }));
const where = () => ['--dir', dir];

for (const [verb, state] of Object.entries({
  pause: 'Pause',
  resume: 'Run',
  stop: 'Stop',
  cancel: 'Cancel',
})) {
  test(`${verb} sets desiredState ${state}`, async () => {
    const engine = new FakeEngine().add(experiment({ status: {} }));
    const ran = await espalier([verb, 'digits', '--json', ...where()], engine);
    assert.equal(ran.exitCode, 0);
    assert.equal(JSON.parse(ran.stdout).spec.desiredState, state);
    assert.deepEqual(engine.calls, [`${state} digits`, 'close']);
  });
}

test('what has ended, or was stopped, cannot go on', async () => {
  const done = await espalier(['resume', 'digits', ...where()], ended());
  assert.equal(done.exitCode, 7);
  assert.match(done.stderr, /digits is Succeeded and cannot change any more/);
  const engine = new FakeEngine().add(experiment({ spec: { desiredState: 'Stop' }, status: {} }));
  const stopped = await espalier(['resume', 'digits', ...where()], engine);
  assert.equal(stopped.exitCode, 7);
  assert.match(stopped.stderr, /digits cannot go from Stop to Run: desiredState cannot go back/);
});

test('delete asks, and without anybody to ask wants --yes', async () => {
  const engine = ended();
  const alone = await espalier(['delete', 'digits', ...where()], engine);
  assert.equal(alone.exitCode, 2);
  assert.match(alone.stderr, /nobody is here to confirm it: add --yes/);
  const no = await espalier(['delete', 'digits', ...where()], engine, { answer: '' });
  assert.equal(no.exitCode, 7);
  assert.equal(engine.objects.size, 1);
  const yes = await espalier(['delete', 'digits', ...where()], engine, { answer: 'y' });
  assert.deepEqual([yes.exitCode, engine.objects.size], [0, 0]);
  const flag = await espalier(['delete', 'digits', '--yes', ...where()], ended());
  assert.equal(flag.exitCode, 0);
});
