import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Answer, type Asked, refused, useApiServer } from '../testing/api-server.ts';
import { espalier, FakeSignals } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { endedTrial, experiment, runningTrial } from '../testing/objects.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-watch-'));
});
after(() => rmSync(dir, { recursive: true }));

const digits = (phase: 'Running' | 'Failed') => experiment({ status: { phase, progress: '0/6' } });

/** An engine whose Experiment becomes another one after it was looked at so often. */
function changing(times: number, change: (engine: FakeEngine) => void): FakeEngine {
  const engine = new FakeEngine().add(digits('Running'), [runningTrial(0, 1, 0.5)]);
  const open = engine.openClient.bind(engine);
  let looks = 0;
  engine.openClient = async () => {
    const client = await open();
    const trials = client.trials.bind(client);
    client.trials = async (key) => {
      const found = await trials(key);
      if (++looks === times) change(engine);
      return found;
    };
    return client;
  };
  return engine;
}

test('U watch shows what happens until the end, and exits as the Experiment ended', async () => {
  const engine = changing(2, (now) => now.add(digits('Failed'), [endedTrial(0, 0.9)]));
  const ran = await espalier(['watch', 'digits', '--dir', dir], engine);
  assert.equal(ran.exitCode, 4, ran.stderr);
  assert.match(ran.stderr, /digits-00000 {2}started/);
  assert.match(ran.stderr, /digits-00000 {2}Succeeded {2}valid_acc 0\.9000/);
  assert.match(ran.stdout, /^TRIAL .*\ndigits-00000 /);
});

test('U watch --json prints what happens as lines, the end last', async () => {
  const engine = changing(2, (now) => now.add(digits('Failed'), [endedTrial(0, 0.9)]));
  const ran = await espalier(['watch', 'digits', '--json', '--dir', dir], engine);
  const types = ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).type);
  assert.deepEqual(types, [
    'phase',
    'trial-started',
    'trial-progress',
    'trial-ended',
    'phase',
    'end',
  ]);
});

test('U in a folder where nobody runs it, that is said once', async () => {
  const engine = changing(3, (now) => now.add(digits('Failed'), [endedTrial(0, 0.9)]));
  engine.isDriven = false;
  const ran = await espalier(['watch', 'digits', '--dir', dir], engine);
  assert.equal(ran.stderr.match(/nobody runs digits now: espalier run goes on/g)?.length, 1);
});

test('U Ctrl-C ends only the watching', async () => {
  const signals = new FakeSignals();
  const engine = changing(2, () => signals.send('SIGINT'));
  const ran = await espalier(['watch', 'digits', '--dir', dir], engine, { signals });
  assert.equal(ran.exitCode, 130);
  assert.match(ran.stderr, /digits goes on; look again with: espalier watch digits\n$/);
  assert.deepEqual(engine.calls, ['close']);
  assert.equal(signals.listeners, 0);
});

test('U an Experiment that is deleted meanwhile, or another of its name, is not waited for', async () => {
  const gone = changing(1, (now) => now.objects.clear());
  const ran = await espalier(['watch', 'digits', '--dir', dir], gone);
  assert.equal(ran.exitCode, 3);
  assert.match(ran.stderr, /digits vanished while it ran/);
  const other = changing(1, (now) => {
    const { metadata, ...rest } = digits('Running');
    now.add({ ...rest, metadata: { ...metadata, uid: 'another' } });
  });
  assert.equal((await espalier(['watch', 'digits', '--dir', dir], other)).exitCode, 3);
});

const NO_TRIALS: Answer = { code: 200, body: { metadata: { resourceVersion: '8' }, items: [] } };
const onServer = (kubeconfig: string) =>
  espalier(['watch', 'digits', '-n', 'default', '--kubeconfig', kubeconfig], new FakeEngine());
const isWatch = ({ query }: Asked) => query.get('watch') === 'true';

/** As a list or a stream of the server has it. */
function raw(phase: 'Running' | 'Failed', resourceVersion: string): object {
  const { metadata, ...rest } = digits(phase);
  return { ...rest, metadata: { ...metadata, resourceVersion } };
}

const RUNNING: Answer = {
  code: 200,
  body: { metadata: { resourceVersion: '8' }, items: [raw('Running', '8')] },
};

test('U a server tells what happens by itself; the end is read once more', async (t) => {
  let hasEnded = false;
  const { kubeconfig, asked } = await useApiServer(t, (one) => {
    if (one.path.endsWith('/trials')) {
      return isWatch(one) ? { code: 200, body: '', goesOn: true } : NO_TRIALS;
    }
    if (one.path.endsWith('/experiments')) {
      if (!isWatch(one)) return RUNNING;
      hasEnded = true;
      const event = { type: 'MODIFIED', object: raw('Failed', '9') };
      return { code: 200, body: `${JSON.stringify(event)}\n`, goesOn: true };
    }
    return { code: 200, body: raw(hasEnded ? 'Failed' : 'Running', '9') };
  });
  const ran = await onServer(kubeconfig);
  assert.equal(ran.exitCode, 4, ran.stderr);
  assert.match(ran.stderr, /digits Failed/);
  const lists = asked.filter(({ path }) => !path.endsWith('/digits'));
  assert.deepEqual(
    lists.map(({ query }) => query.get('fieldSelector') ?? query.get('labelSelector')).toSorted(),
    [...Array(3).fill('espalier.dev/experiment=digits'), ...Array(2).fill('metadata.name=digits')],
  );
});

test('U who may not watch is told, and looks; a server that is away for a while is asked again', async (t) => {
  let looks = 0;
  const { kubeconfig } = await useApiServer(t, (one) => {
    if (isWatch(one)) {
      return refused(403, 'Forbidden', 'User "guest" cannot watch resource "experiments"');
    }
    if (one.path.endsWith('/trials')) return NO_TRIALS;
    if (one.path.endsWith('/experiments')) return RUNNING;
    looks++;
    if (looks === 3 || looks === 4) return refused(503, 'ServiceUnavailable', 'going down');
    return { code: 200, body: digits(looks < 6 ? 'Running' : 'Failed') };
  });
  const ran = await onServer(kubeconfig);
  assert.equal(ran.exitCode, 4, ran.stderr);
  assert.match(
    ran.stderr,
    /cannot watch .*the verb watch on .*; looking every few seconds instead/,
  );
  assert.equal(ran.stderr.match(/going down; trying again/g)?.length, 1, ran.stderr);
  assert.match(ran.stderr, /it answers again/);
});
