import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EspalierError, startRunner } from '@espalier/controller/local';
import { endState, storedTrials } from './end-state.ts';
import {
  experimentOf,
  newPlace,
  QUICK_TRAINER,
  runnerOf,
  runToEnd,
  spawnRunner,
  specOf,
  until,
} from './kit.ts';

/** A program of the system, which need not be there. */
const host = (program: string, ...args: string[]) => spawnSync(program, args);

const quick = (place: { readonly ledger: string }, max: number, seconds?: string) => ({
  parameters: [{ name: 'lr', float: { min: 0.001, max: 1 } }],
  trials: { max, parallel: 2, maxFailed: 100 },
  deadlines: { metrics: '1s' },
  trainer: {
    command: [QUICK_TRAINER],
    args: seconds === undefined ? [place.ledger] : [place.ledger, seconds],
  },
});

test('G12 torn, foreign and hostile files are reported and set aside; the rest runs', async (t) => {
  const place = newPlace(t);
  const objects = join(place.dir, 'objects/default');
  const sweep = specOf('sweep', quick(place, 3));
  const first = await runnerOf(t, place);
  await runToEnd(first, sweep);
  await first.close();
  const wanted = endState(place, 'sweep');

  const trials = join(objects, 'sweep/trials');
  writeFileSync(join(trials, '00007.json'), '{"apiVersion":"espal');
  writeFileSync(join(trials, '00008.json'), '{}');
  writeFileSync(join(trials, 'notes.txt'), 'hello');
  writeFileSync(join(trials, '00009.json'), readFileSync(join(trials, '00001.json')));
  mkdirSync(join(trials, '00010.json'));
  symlinkSync('/etc/passwd', join(trials, '00011.json'));
  host('mkfifo', join(trials, '00012.json'));
  writeFileSync(join(trials, '.tmp-1-2'), 'rubbish');
  writeFileSync(join(trials, '00013.json'), '');
  truncateSync(join(trials, '00013.json'), 2 ** 31);
  mkdirSync(join(objects, 'torn/trials'), { recursive: true });
  writeFileSync(join(objects, 'torn/experiment.json'), '{"kind":');
  mkdirSync(join(objects, 'Bad Name'));
  writeFileSync(join(objects, 'Bad Name/experiment.json'), '{}');
  writeFileSync(join(objects, 'file'), 'no folder');

  const told: string[] = [];
  const second = await runnerOf(t, place, {
    onEvent: ({ reason, message }) => {
      if (reason === 'RecordDamaged') told.push(message);
    },
  });
  assert.deepEqual(endState(place, 'sweep'), wanted);
  assert.equal(storedTrials(place, 'sweep').length, 3);
  const aside = readdirSync(join(place.dir, 'damaged'));
  assert.equal(aside.length, told.length);
  assert.equal(told.length, 10);
  const other = specOf('other', quick(place, 2));
  assert.equal((await runToEnd(second, other)).status?.phase, 'Succeeded');
  t.diagnostic(`${told.length} damaged paths set aside`);
});

test('two runners on one folder: the second is told who holds it and what to do', async (t) => {
  const place = newPlace(t);
  const holder = spawnRunner(t, place, specOf('held', quick(place, 100, '1')));
  await until('it is ready', () => holder.lines.length > 0);
  await assert.rejects(
    startRunner({ dir: place.dir, trainerCommand: [], allowCpu: true }),
    (error) =>
      error instanceof EspalierError &&
      error.code === 'LockHeld' &&
      error.message.includes(`process ${holder.child.pid} (`) &&
      error.message.includes('runner.ts') &&
      error.message.includes('--dir'),
  );
  holder.child.kill('SIGKILL');
  await holder.ended;
  const racers = [1, 2, 3, 4].map(() =>
    spawnRunner(t, place, specOf('held', quick(place, 100, '1'))),
  );
  await until('every racer is ready or has given up', () =>
    racers.every(({ lines, child }) => lines.length > 0 || child.exitCode !== null),
  );
  const ready = racers.filter(({ lines }) => lines.some((line) => line['ready'] !== undefined));
  assert.equal(ready.length, 1, 'exactly one takes the folder of the dead one');
  const held = racers.filter(({ stderr }) => stderr().includes('LockHeld')).length;
  t.diagnostic(`4 raced for the lock of a killed runner: 1 has it, ${held} were told`);
});

test('F25 a full disk is told and waited for; with space again it goes on', async (t) => {
  const mount = mkdtempSync(join(tmpdir(), 'espalier-disk-'));
  const mounted = host('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount);
  if (mounted.status !== 0) {
    rmSync(mount, { recursive: true });
    t.skip(`cannot mount a small disk: ${String(mounted.stderr).trim() || 'no mount'}`);
    return;
  }
  t.after(() => {
    host('umount', '-l', mount);
    rmSync(mount, { recursive: true, force: true });
  });
  const outside = newPlace(t);
  const place = { ...outside, dir: join(mount, 'dir') };
  const told: string[] = [];
  const runner = await runnerOf(t, place, { onEvent: ({ message }) => told.push(message) });
  const experiment = specOf('full', quick(place, 8, '0.1'));
  await runner.apply(experiment);
  await until('a trial is complete', async () => {
    const [first] = await runner.trials(experiment.metadata);
    return first?.trial.status?.phase === 'Succeeded';
  });
  const filler = join(mount, 'filler');
  host('dd', 'if=/dev/zero', `of=${filler}`, 'bs=4k');
  await until('it is told', () => told.some((message) => message.includes('the disk is full')));
  await new Promise((resolve) => setTimeout(resolve, 500));
  rmSync(filler);
  const ended = await runner.finished(experiment.metadata, { signal: AbortSignal.timeout(30_000) });
  assert.equal(ended.status?.phase, 'Succeeded');
  assert.equal(storedTrials(place, 'full').length, 8);
  const { succeeded = 0, failed = 0 } = ended.status?.trials ?? {};
  t.diagnostic(`8 trials: ${succeeded} succeeded, ${failed} could not report on the full disk`);
  assert.ok(succeeded >= 4);
  // Before the disk goes.
  await runner.close();
});

test('what cannot run is refused before anything starts, and nothing is written', async (t) => {
  const place = newPlace(t);
  const runner = await runnerOf(t, place, { allowCpu: false });
  const base = experimentOf(place, 'refused', ['ok']);
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ ...base.spec, data: { s3: { key: 'digits' } } }, /datasets\/digits.*espalier-train data/],
    [{ ...base.spec, data: { persistentVolumeClaim: { claimName: 'x' } } }, /--data/],
    [{ ...base.spec, trainer: { command: ['no-such-program'] } }, /no program no-such-program/],
    [{ ...base.spec, trainer: { command: ['/etc/passwd'] } }, /no program that can be run/],
    [{ ...base.spec, parameters: [{ name: 'a', float: { min: 2, max: 1 } }] }, /min/],
  ];
  const gpu: readonly [object, RegExp] = [
    { ...base.spec, trainer: { ...base.spec.trainer, resources: { gpu: 1 } } },
    /no NVIDIA GPU; --allow-cpu/,
  ];
  const hasGpu = existsSync('/dev/nvidia0') || existsSync('/proc/driver/nvidia');
  for (const [spec, message] of hasGpu ? cases : [...cases, gpu]) {
    const experiment = specOf('refused', spec as Record<string, unknown>);
    await assert.rejects(runner.apply(experiment), { code: 'InvalidSpec', message });
  }
  assert.deepEqual(readdirSync(join(place.dir, 'objects')), []);
  assert.deepEqual(readFileSync(place.ledger, 'utf8'), '');
});
