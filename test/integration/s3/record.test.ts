import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Experiment, type Trial, trialName } from '@espalier/api';
import {
  readExperimentRecord,
  writeExperimentRecord,
} from '../../../controller/src/adapters/s3/experiment-record.ts';
import { ObjectStore } from '../../../controller/src/adapters/s3/object-store.ts';
import { type FaultProxy, startFaultProxy } from '../../kit/fault-proxy.ts';
import { CALL, newScene, useStore, whyNoStore } from './rig.ts';

/** Two files of Trials, and a rest. */
const TRIALS = 2300;

describe('the record of an Experiment', { skip: whyNoStore() }, () => {
  const at = useStore();

  interface Scene {
    readonly experiment: Experiment;
    readonly trials: readonly Trial[];
    readonly root: string;
  }

  function scene(): Scene {
    const { experiment, trial, place } = newScene();
    const { name } = experiment.metadata;
    const trials = Array.from({ length: TRIALS }, (_, index): Trial => {
      const status = {
        phase: 'Succeeded' as const,
        reason: 'Completed',
        attempts: [{ number: 0, outcome: 'Succeeded' as const }],
        observation: { value: index / 7, lastStep: 1, lastEpoch: 1, points: 1 },
        rungs: [{ step: 1, value: index / 7, order: index, verdict: 'continue' as const }],
      };
      return {
        ...trial,
        metadata: { ...trial.metadata, name: trialName(name, index) },
        spec: { ...trial.spec, index, configuration: index },
        status,
      };
    });
    const root = at.keys.experimentRoot(place.experiment).slice(0, -1);
    return { experiment, trials, root };
  }

  const write = (store: ObjectStore, { experiment, trials }: Scene, hasConditions = true) =>
    writeExperimentRecord(store, at.keys, experiment, trials, hasConditions, CALL);

  async function check({ experiment, trials, root }: Scene): Promise<void> {
    const found = await readExperimentRecord(at.store, root, CALL);
    assert.deepEqual(found?.experiment.spec, experiment.spec);
    assert.equal(found?.experiment.metadata.uid, experiment.metadata.uid);
    const kept = ({ metadata: { name, uid }, spec, status }: Trial) => {
      return { name, uid, spec, ...status, attempts: [] };
    };
    assert.deepEqual(found?.trials.map(kept), trials.map(kept));
  }

  async function proxied(t: TestContext): Promise<{ proxy: FaultProxy; store: ObjectStore }> {
    const { endpoint = '' } = at.options;
    const proxy = await startFaultProxy({ upstream: endpoint });
    const retry = { tries: 1, baseMs: 1, maxMs: 1, timeoutMs: 30_000 };
    const store = new ObjectStore({ ...at.options, endpoint: proxy.url, retry });
    t.after(async () => {
      store.close();
      await proxy.close();
    });
    return { proxy, store };
  }

  test('U10 spec and Trials are read back as they were, whatever their number', async (t) => {
    const full = scene();
    const { proxy, store } = await proxied(t);
    await write(store, full);
    await check(full);
    const first = proxy.requests.length;
    await write(store, full);
    await check(full);
    const none = { ...scene(), trials: [] };
    await write(at.store, none, false);
    await check(none);
    assert.equal(await readExperimentRecord(at.store, `${none.root}0`, CALL), undefined);
    t.diagnostic(`${TRIALS} Trials: ${first} requests, again ${proxy.requests.length - first}`);
  });

  test('U10 a writer that dies before or after any request leaves what the next one completes', async (t) => {
    let deaths = 0;
    for (const point of ['before', 'after'] as const) {
      for (let survived = 0; ; survived++) {
        const one = scene();
        const { proxy, store } = await proxied(t);
        proxy.addRule({ match: {}, fault: { kind: 'cut', point }, skip: survived, times: 1 });
        proxy.addRule({ match: {}, fault: { kind: 'cut', point: 'before' }, skip: survived });
        const ended = await write(store, one).then(
          () => true,
          () => false,
        );
        if (ended) break;
        deaths += 1;
        const half = await readExperimentRecord(at.store, one.root, CALL);
        assert.ok(half === undefined || half.trials.length === TRIALS, 'never a part of it');
        await write(at.store, one);
        await check(one);
      }
    }
    assert.ok(deaths >= 8);
    t.diagnostic(`writers died ${deaths} times, parts seen 0, incomplete 0`);
  });

  test('U10 Trials that came after a write replace the record', async () => {
    const before = scene();
    const early = { ...before, trials: before.trials.slice(0, 1200) };
    await write(at.store, early);
    await check(early);
    await write(at.store, before);
    await check(before);
  });
});
