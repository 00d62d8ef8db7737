import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { EXIT_CODE, TRAINER_ENV, type TrainerTask } from '@espalier/api';
import { checkpointStep } from '../../../controller/src/domain/artifacts/manifest.ts';
import { type OwnProcess, startProcess } from '../../kit/own-process.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { CALL } from '../s3/rig.ts';
import type { Attempt } from './attempt.ts';
import { placeOf, useInstallation } from './rig.ts';

const ROOT = join(import.meta.dirname, '../../..');
const COURIER = join(ROOT, 'courier/bin/espalier-courier');
const TRAINER = join(ROOT, 'manifests/samples/python-trainer/train.py');
const EPOCHS = 600;

describe('the Python sample with a sidecar', { skip: whyNoTools() }, () => {
  const at = useInstallation();

  const courier = (attempt: Attempt, ...args: string[]): Promise<OwnProcess> =>
    startProcess({
      command: COURIER,
      args,
      env: attempt.environment(at.nats.port),
      logFile: attempt.at('courier.log'),
    });

  const startSidecar = async (attempt: Attempt): Promise<OwnProcess> => {
    const ready = attempt.at('run', 'courier.ready');
    const sidecar = await courier(attempt, 'watch', `--ready=${ready}`);
    await waitFor(() => existsSync(ready), { what: 'the sidecar is ready' });
    return sidecar;
  };

  const startTrainer = (attempt: Attempt): Promise<OwnProcess> => {
    const { [TRAINER_ENV.credentials]: _, ...environment } = attempt.environment(at.nats.port);
    const task = JSON.parse(environment[TRAINER_ENV.trial] ?? '') as TrainerTask;
    const parameters = [
      { name: 'lr', float: 0.1 },
      { name: 'decay', float: 0.001 },
      { name: 'epochs', int: EPOCHS },
    ];
    const objective = { metric: 'valid_loss', goal: 'minimize' };
    return startProcess({
      command: 'python3',
      args: [TRAINER],
      env: {
        ...environment,
        PATH: process.env['PATH'] ?? '',
        [TRAINER_ENV.trial]: JSON.stringify({ ...task, parameters, objective }),
        [TRAINER_ENV.report]: `file:${attempt.reportFile}`,
      },
      logFile: attempt.at('trainer.log'),
    });
  };

  const exits = async (program: OwnProcess, code: number, attempt: Attempt): Promise<void> => {
    const { exitCode } = await program.ended;
    const log = (name: string) =>
      existsSync(attempt.at(name)) ? readFileSync(attempt.at(name), 'utf8') : '';
    assert.equal(exitCode, code, log('trainer.log') + log('courier.log'));
  };

  test('U12 U14 it is live, preempted, resumed and complete, and knows neither NATS nor S3', async (t) => {
    const alone = await at.newAttempt();
    await exits(await startTrainer(alone), EXIT_CODE.done, alone);

    const scene = at.cluster.add();
    const first = await at.newAttempt(scene);
    const sidecar = await startSidecar(first);
    const trainer = await startTrainer(first);
    const live = await waitFor(() => (at.view(scene)?.points ?? 0) > 10 && at.view(scene)?.points, {
      what: 'points are folded while it trains',
      unless: () => trainer.whyEnded(),
    });
    trainer.signal('SIGTERM');
    await exits(trainer, EXIT_CODE.terminated, first);
    sidecar.signal('SIGTERM');
    await exits(sidecar, EXIT_CODE.done, first);

    const root = at.keys.attemptRoot(placeOf(scene.experiment, first));
    const steps: number[] = [];
    for await (const page of at.store.list(root, CALL)) {
      steps.push(...page.flatMap(({ key }) => checkpointStep(key.slice(root.length)) ?? []));
    }
    const step = Math.max(...steps);
    const lines = readFileSync(first.reportFile, 'utf8').trimEnd().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '').points[0].step;
    assert.equal(step, last, 'the checkpoint that was saved on SIGTERM is in the store');
    const end = { exitCode: 10, oomKilled: false, disrupted: true, interrupted: false };
    const { trialUid } = scene;
    at.cluster.setPods(
      scene,
      { attempt: 0, end: { atMs: Date.now(), ...end } },
      { attempt: 1, resumeFrom: { trialUid, trialIndex: 0, attempt: 0, step } },
    );
    const second = await at.newAttempt(scene, 1);
    await exits(await courier(second, 'fetch'), EXIT_CODE.done, second);
    const sidecarAgain = await startSidecar(second);
    await exits(await startTrainer(second), EXIT_CODE.done, second);
    sidecarAgain.signal('SIGTERM');
    await exits(sidecarAgain, EXIT_CODE.done, second);

    const resumed = JSON.parse(readFileSync(second.reportFile, 'utf8').split('\n')[0] ?? '');
    assert.equal(resumed.resumedStep, step);
    const view = at.view(scene);
    assert.equal(view?.points, EPOCHS);
    assert.equal(view.complete, true, 'its digest is that of the points that were folded');
    const found = await at.check(scene, second, 'manifest.json');
    assert.ok(found.kind === 'whole', JSON.stringify(found));
    const place = placeOf(scene.experiment, second);
    const table = await at.store.get(at.keys.attemptFile(place, 'metrics.csv'), 2 ** 20, CALL);
    assert.equal(table?.body.toString(), readFileSync(alone.at('out', 'metrics.csv'), 'utf8'));
    t.diagnostic(`points ${EPOCHS}, live ${live}, resumed at step ${step}, lost 0, wrong 0`);
  });
});
