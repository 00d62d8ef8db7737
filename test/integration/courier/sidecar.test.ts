import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { EXIT_CODE, pointSchema } from '@espalier/api';
import { type OwnProcess, startProcess } from '../../kit/own-process.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { CALL } from '../s3/rig.ts';
import type { Attempt } from './attempt.ts';
import { placeOf, useInstallation } from './rig.ts';

const COURIER = join(import.meta.dirname, '../../../courier/bin/espalier-courier');

/** About 1.5 kB each. */
const LONG_OUTAGE_POINTS = process.env['ESPALIER_TEST_ALL'] === '1' ? 60_000 : 8_000;

describe('a sidecar for a trainer that knows neither NATS nor S3', { skip: whyNoTools() }, () => {
  const at = useInstallation();

  const startSidecar = async (attempt: Attempt): Promise<OwnProcess> => {
    const ready = attempt.at('run', 'courier.ready');
    const sidecar = await startProcess({
      command: COURIER,
      args: ['watch', `--ready=${ready}`],
      env: attempt.environment(at.nats.port),
      logFile: attempt.at('courier.log'),
    });
    await waitFor(() => existsSync(ready), {
      what: 'it is ready',
      unless: () => sidecar.whyEnded(),
    });
    return sidecar;
  };
  const end = async (sidecar: OwnProcess, attempt: Attempt): Promise<void> => {
    sidecar.signal('SIGTERM');
    const { exitCode } = await sidecar.ended;
    assert.equal(exitCode, EXIT_CODE.done, readFileSync(attempt.at('courier.log'), 'utf8'));
  };

  test('U12 G7 its points are live, and the record in the store is whole without its help', async (t) => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    const sidecar = await startSidecar(attempt);
    attempt.begin();
    attempt.report(500);
    await waitFor(() => at.view(scene)?.points === 500, { what: 'the points are folded live' });
    attempt.write('checkpoint-200/model.safetensors', 'the model of step 200');
    attempt.write('extra/curve.svg', '<svg/>');
    attempt.write('notes.txt', 'not in the grammar');
    attempt.report(500);
    // What a killed program leaves.
    appendFileSync(attempt.reportFile, '{"kind":"points","poi');
    await end(sidecar, attempt);
    const found = await at.check(scene, attempt, 'manifest.json');
    assert.ok(found.kind === 'whole', JSON.stringify(found));
    const { step, best, resume, files } = found.manifest;
    assert.deepEqual(
      { step, best, resume },
      {
        step: 1_000,
        best: { step: 200, epoch: 0, value: 199e-6 },
        resume: null,
      },
    );
    assert.deepEqual(
      files.map(({ path }) => path),
      ['checkpoint-200/model.safetensors', 'extra/curve.svg', 'metrics.csv', 'points-0.jsonl'],
    );
    const stored = await at.store.get(
      at.keys.attemptFile(placeOf(scene.experiment, attempt), 'points-0.jsonl'),
      2 ** 20,
      CALL,
    );
    const points = (stored?.body.toString() ?? '').trimEnd().split('\n');
    for (const [seq, line] of points.entries()) {
      assert.equal(pointSchema.parse(JSON.parse(line)).seq, seq);
    }
    t.diagnostic(`sent 1000, folded ${at.view(scene)?.points}, in the store ${points.length}`);
    assert.equal(at.view(scene)?.points, 1_000);
    assert.equal(points.length, 1_000);
  });

  test('F10 F15 NATS away for long and large files cost disk, not memory', async (t) => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    const sidecar = await startSidecar(attempt);
    const peakMiB = (): number => {
      const status = readFileSync(`/proc/${sidecar.pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    };
    const before = peakMiB();
    await at.nats.kill();
    attempt.begin();
    attempt.report(LONG_OUTAGE_POINTS, 20);
    attempt.finish();
    const model = 'bytes of a model '.repeat(2 ** 22);
    attempt.commit('manifest-7.json', 7, { 'checkpoint-7/model.safetensors': model });
    await waitFor(
      () => /cannot be reached|has gone away/.test(readFileSync(attempt.at('courier.log'), 'utf8')),
      {
        what: 'it has noticed',
      },
    );
    await at.nats.start();
    const isStored = async () =>
      (await at.check(scene, attempt, 'manifest-7.json')).kind === 'whole';
    await waitFor(async () => at.view(scene)?.complete === true && (await isStored()), {
      what: 'all has arrived',
      timeoutMs: 120_000,
    });
    const mib = (bytes: number) => Math.round(bytes / 2 ** 20);
    t.diagnostic(
      `report ${mib(statSync(attempt.reportFile).size)} MiB, file ${mib(model.length)} MiB, ` +
        `lost 0, resident ${Math.round(before)} MiB at first and ${Math.round(peakMiB())} MiB at most`,
    );
    // What the pod template gives it is 256 MiB.
    assert.ok(peakMiB() < 200);
    await end(sidecar, attempt);
  });

  test('a trainer that ends its folder itself is left alone', async () => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    const sidecar = await startSidecar(attempt);
    attempt.begin();
    attempt.report(10);
    attempt.finish();
    attempt.commit('manifest.json', 5, { 'metrics.csv': 'epoch,step\n1,5\n' });
    await end(sidecar, attempt);
    const found = await at.check(scene, attempt, 'manifest.json');
    assert.ok(found.kind === 'whole');
    assert.equal(found.manifest.files.length, 1);
    assert.equal(at.view(scene)?.complete, true);
  });

  test('what a checkpoint listed stays what the attempt can be resumed from', async () => {
    const scene = at.cluster.add();
    const attempt = await at.newAttempt(scene);
    const sidecar = await startSidecar(attempt);
    attempt.begin();
    attempt.report(10);
    const files = { 'checkpoint-5/state.safetensors': 'state', 'log.txt': 'one line\n' };
    attempt.commit('manifest-5.json', 5, files);
    await waitFor(
      async () => (await at.check(scene, attempt, 'manifest-5.json')).kind === 'whole',
      {
        what: 'the checkpoint is stored',
      },
    );
    attempt.write('log.txt', 'one line\nand another\n');
    attempt.write('checkpoint-9/state.safetensors', 'begun and never committed');
    await end(sidecar, attempt);
    const found = await at.check(scene, attempt, 'manifest.json');
    assert.ok(found.kind === 'whole', JSON.stringify(found));
    assert.deepEqual(found.manifest.resume, { step: 5 });
    assert.deepEqual(
      found.manifest.files.map(({ path }) => path),
      ['checkpoint-5/state.safetensors', 'metrics.csv', 'points-0.jsonl'],
    );
    assert.match(
      readFileSync(attempt.at('courier.log'), 'utf8'),
      /log.txt is left out: it was changed/,
    );
  });
});
