import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { EXIT_CODE, TRAINER_ENV, type TrainerTask } from '@espalier/api';
import { writeDigits } from '../../../trainer-image/src/digits/write-digits.ts';
import { type OwnProcess, startProcess } from '../../kit/own-process.ts';
import { makeStateFolder, type StateFolder } from '../../kit/state-folder.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { createGate, waitFor } from '../../kit/wait.ts';
import type { Scene } from '../nats/streams-rig.ts';
import { CALL } from '../s3/rig.ts';
import type { Attempt } from './attempt.ts';
import { placeOf, useInstallation } from './rig.ts';

const MAIN = join(import.meta.dirname, '../../../trainer-image/src/main.ts');
const BLOCKED = join(import.meta.dirname, 'programs/blocked-attempt.ts');
/** Runs "$@" where only the folders before `--` can be written to. */
const READ_ONLY = `mount --make-rprivate /
while [ "$1" != -- ]; do mount --bind "$1" "$1"; shift; done
shift
mount -o remount,bind,ro /
exec "$@"`;
const canMount =
  spawnSync('unshare', ['-m', 'sh', '-c', READ_ONLY, 'sh', '--', 'true']).status === 0;

const SMALL = { imageSize: 32, width: 0.05, classes: 10, batchSize: 32 };

describe('our trainer on NATS and S3', { skip: whyNoTools() }, () => {
  const at = useInstallation();
  let folder: StateFolder;
  before(async () => {
    folder = makeStateFolder('trainer');
    await writeDigits(folder.file('digits'), 300);
  });
  after(() => folder.remove({ keepLogs: false }));

  const train = async (
    t: TestContext,
    attempt: Attempt,
    epochs: number,
    { env = {}, prefix = [] }: { env?: Record<string, string>; prefix?: string[] } = {},
  ) => {
    const environment = attempt.environment(at.nats.port);
    const task = JSON.parse(environment[TRAINER_ENV.trial] ?? '') as TrainerTask;
    const parameters = Object.entries({ ...SMALL, epochs }).map(([name, value]) =>
      Number.isInteger(value) ? { name, int: value } : { name, float: value },
    );
    const objective = { metric: 'valid_acc', goal: 'maximize' };
    const whole = [...prefix, process.execPath, '--conditions=@espalier/source', MAIN, 'trial'];
    const [command = '', ...args] = whole;
    const trainer = await startProcess({
      command,
      args,
      env: {
        ...environment,
        [TRAINER_ENV.trial]: JSON.stringify({ ...task, parameters, objective }),
        [TRAINER_ENV.data]: folder.file('digits'),
        [TRAINER_ENV.cpuThreads]: '1',
        ESPALIER_CACHE: folder.file('cache'),
        ...env,
      },
      logFile: attempt.at('trainer.log'),
    });
    t.after(() => trainer.kill());
    return trainer;
  };
  const logOf = (attempt: Attempt) => readFileSync(attempt.at('trainer.log'), 'utf8');
  const untilSaid = (attempt: Attempt, trainer: OwnProcess, pattern: RegExp) =>
    waitFor(() => pattern.test(logOf(attempt)), {
      what: `the trainer says ${pattern}`,
      unless: () => trainer.whyEnded(),
    });
  /** Proves that every line of the report was folded, and that the store has what the folder has. */
  const prove = async (t: TestContext, scene: Scene, attempt: Attempt, manifest: string) => {
    const lines = readFileSync(attempt.reportFile, 'utf8').trimEnd().split('\n');
    const sent = lines
      .map((line) => JSON.parse(line) as { points?: unknown[] })
      .reduce((sum, { points = [] }) => sum + points.length, 0);
    const view = at.view(scene);
    const found = await at.check(scene, attempt, manifest);
    t.diagnostic(
      `sent ${sent}, folded ${view?.points}, lost ${sent - (view?.points ?? 0)}, ${found.kind}`,
    );
    assert.equal(view?.points, sent);
    assert.equal(found.kind, 'whole', JSON.stringify(found));
    return view;
  };

  test('G7 G8 a trial ends with 0 when its report and its files have arrived', async (t) => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    const trainer = await train(t, attempt, 2);
    assert.equal((await trainer.ended).exitCode, EXIT_CODE.done, logOf(attempt));
    const view = await prove(t, scene, attempt, 'manifest.json');
    assert.equal(view?.complete, true);
    for (const path of ['metrics.csv', 'steps.csv', 'log.txt']) {
      const key = at.keys.attemptFile(placeOf(scene.experiment, attempt), path);
      const stored = await at.store.get(key, 2 ** 20, CALL);
      assert.deepEqual(stored?.body, readFileSync(attempt.at('out', path)), path);
    }
  });

  const whyNoMount = canMount ? false : 'only root may mount, or unshare is missing';
  test('F25 a read-only root file system is enough', { skip: whyNoMount }, async (t) => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    const writable = [attempt.folder, folder.path];
    const prefix = ['unshare', '-m', 'sh', '-c', READ_ONLY, 'sh', ...writable, '--'];
    const trainer = await train(t, attempt, 1, { prefix });
    assert.equal((await trainer.ended).exitCode, EXIT_CODE.done, logOf(attempt));
    assert.equal((await prove(t, scene, attempt, 'manifest.json'))?.complete, true);
  });

  test('F10 F15 training goes on without NATS, and what it reported arrives later', async (t) => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    await at.nats.kill();
    const trainer = await train(t, attempt, 2);
    await untilSaid(attempt, trainer, /Valid \| 002\/002/);
    await waitFor(() => readFileSync(attempt.at('termination'), 'utf8').includes('valid_acc'), {
      what: 'training has ended',
      unless: () => trainer.whyEnded(),
    });
    await at.nats.start();
    assert.equal((await trainer.ended).exitCode, EXIT_CODE.done, logOf(attempt));
    assert.equal((await prove(t, scene, attempt, 'manifest.json'))?.complete, true);
  });

  test('a trainer that is stopped saves, delivers and ends with 10', async (t) => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    const trainer = await train(t, attempt, 1_000);
    await untilSaid(attempt, trainer, /Valid \| 0*2\//);
    trainer.signal('SIGTERM');
    assert.equal((await trainer.ended).exitCode, EXIT_CODE.terminated, logOf(attempt));
    const name = /(manifest-\d+\.json) is stored/.exec(logOf(attempt))?.[1];
    await prove(t, scene, attempt, name ?? 'none');
  });

  test('F15 with a store that hangs it ends within its grace period, and tells what is missing', async (t) => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    const gate = createGate();
    at.proxy.addRule({
      match: { methods: ['PUT'], path: new RegExp(scene.trialUid) },
      fault: { kind: 'hold', point: 'before', gate },
    });
    const trainer = await train(t, attempt, 1_000, { env: { [TRAINER_ENV.graceSeconds]: '7' } });
    await untilSaid(attempt, trainer, /Valid \| 0*2\//);
    trainer.signal('SIGTERM');
    assert.equal((await trainer.ended).exitCode, EXIT_CODE.terminated, logOf(attempt));
    gate.open();
    assert.match(logOf(attempt), /not delivered: manifest-\d+\.json and \d+ of its files/);
  });

  test('F25 the courier works while the trainer computes, and after its thread has died', async (t) => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    attempt.begin();
    attempt.report(1_000);
    const blocked = await startProcess({
      command: process.execPath,
      args: ['--conditions=@espalier/source', BLOCKED],
      env: {
        ...attempt.environment(at.nats.port),
        REPORT_FILE: attempt.reportFile,
        GO_ON_FILE: attempt.at('go-on'),
      },
      logFile: attempt.at('trainer.log'),
    });
    t.after(() => blocked.kill());
    await untilSaid(attempt, blocked, /blocked/);
    attempt.report(1_000);
    attempt.finish();
    attempt.commit('manifest.json', 5, { 'metrics.csv': 'epoch,step\n' });
    await waitFor(() => at.view(scene)?.complete, {
      what: 'all points are folded while the thread of the trainer is blocked',
      unless: () => blocked.whyEnded(),
    });
    await waitFor(async () => (await at.check(scene, attempt, 'manifest.json')).kind === 'whole', {
      what: 'the manifest is stored meanwhile',
    });
    writeFileSync(attempt.at('go-on'), '');
    assert.equal((await blocked.ended).exitCode, 0, logOf(attempt));
    assert.match(logOf(attempt), /missing 0/);
    await prove(t, scene, attempt, 'manifest.json');
  });
});
