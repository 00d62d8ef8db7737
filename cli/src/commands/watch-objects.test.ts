import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { MemoryChannel } from '../channel.ts';
import { refused, useApiServer } from '../testing/api-server.ts';
import { espalier, FakeSignals } from '../testing/command-line.ts';
import { FakeEngine } from '../testing/fake-engine.ts';
import { endedTrial, experiment, runningTrial } from '../testing/objects.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'espalier-lines-'));
});
after(() => rmSync(dir, { recursive: true }));

type Phase = 'Running' | 'Succeeded' | 'Failed';

function digits(phase: Phase, resourceVersion: string, name = 'digits') {
  const { metadata, ...rest } = experiment({ status: { phase, progress: '0/6' } });
  return { ...rest, metadata: { ...metadata, name, uid: `${name}-uid`, resourceVersion } };
}

const at = <V extends { trial: { metadata: object } }>(view: V, resourceVersion: string): V => ({
  ...view,
  trial: { ...view.trial, metadata: { ...view.trial.metadata, resourceVersion } },
});

/** A stdout that does something when a line has been printed. */
class Reader extends MemoryChannel {
  readonly #onLine: (lines: number) => void;

  constructor(onLine: (lines: number) => void) {
    super();
    this.#onLine = onLine;
  }

  override write(text: string): void {
    super.write(text);
    this.#onLine(this.text.split('\n').length - 1);
  }
}

function run(engine: FakeEngine, words: readonly string[], onLine: (lines: number) => void) {
  return espalier([...words, '--dir', dir], engine, { stdout: new Reader(onLine) });
}

const told = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { type, object } = JSON.parse(line);
      return `${type} ${object.metadata.name} ${object.status.phase}`;
    });

test('U get --watch prints an Experiment as it changes and exits as it ends', async () => {
  const engine = new FakeEngine().add(digits('Running', '1'));
  const ran = await run(engine, ['get', 'digits', '--watch'], (lines) => {
    engine.add(digits(lines === 1 ? 'Running' : 'Failed', `${lines + 1}`));
  });
  assert.equal(ran.exitCode, 4, ran.stderr);
  assert.deepEqual(told(ran.stdout), [
    'ADDED digits Running',
    'MODIFIED digits Running',
    'MODIFIED digits Failed',
  ]);
});

test('U get --watch of a Trial ends with the Trial', async () => {
  const engine = new FakeEngine().add(digits('Running', '1'), [at(runningTrial(0, 1, 0.5), '1')]);
  const ran = await run(engine, ['get', 'digits-00000', '-w', '--json'], () => {
    engine.add(digits('Running', '2'), [at(endedTrial(0, 0.9), '2')]);
  });
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.deepEqual(told(ran.stdout), [
    'ADDED digits-00000 Running',
    'MODIFIED digits-00000 Succeeded',
  ]);
});

test('U trials --watch prints the chosen ones; what is not chosen any more is DELETED', async () => {
  const engine = new FakeEngine().add(digits('Running', '1'), [
    at(runningTrial(0, 1, 0.5), '1'),
    at(endedTrial(1, 0.8), '1'),
  ]);
  const ran = await run(engine, ['trials', 'digits', '--state', 'Running', '-w'], () => {
    engine.add(digits('Succeeded', '2'), [
      at(endedTrial(0, 0.9), '2'),
      at(endedTrial(1, 0.8), '1'),
    ]);
  });
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.deepEqual(told(ran.stdout), [
    'ADDED digits-00000 Running',
    'DELETED digits-00000 Running',
  ]);
});

test('U list --watch goes on until a signal', async () => {
  const signals = new FakeSignals();
  const engine = new FakeEngine().add(digits('Running', '1'));
  const stdout = new Reader((lines) => {
    if (lines === 1) engine.add(digits('Running', '1', 'other'));
    if (lines === 2) engine.objects.delete('default/digits');
    if (lines === 3) signals.send('SIGINT');
  });
  const ran = await espalier(['list', '--watch', '--dir', dir], engine, { stdout, signals });
  assert.deepEqual([ran.exitCode, ran.stderr, signals.listeners], [130, '', 0]);
  assert.deepEqual(told(ran.stdout), [
    'ADDED digits Running',
    'ADDED other Running',
    'DELETED digits Running',
  ]);
});

test('U list --watch follows the stream of a cluster', async (t) => {
  const signals = new FakeSignals();
  const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
  const { kubeconfig, asked } = await useApiServer(t, ({ path, query }) => {
    assert.match(path, /\/v1alpha1\/experiments$/);
    if (query.get('watch') !== 'true') {
      const body = { metadata: { resourceVersion: '8' }, items: [digits('Running', '8')] };
      return { code: 200, body };
    }
    const body =
      event('MODIFIED', digits('Succeeded', '9')) + event('ADDED', digits('Running', '10', 'b'));
    return { code: 200, body, goesOn: true };
  });
  const stdout = new Reader((lines) => lines === 3 && signals.send('SIGTERM'));
  const words = ['list', '-A', '-w', '--kubeconfig', kubeconfig];
  const ran = await espalier(words, new FakeEngine(), { stdout, signals });
  assert.equal(ran.exitCode, 143, ran.stderr);
  assert.equal(asked.length, 2);
  assert.deepEqual(told(ran.stdout), [
    'ADDED digits Running',
    'MODIFIED digits Succeeded',
    'ADDED b Running',
  ]);
});

const WRONG = {
  'no other format': [['list', '-w', '-o', 'yaml'], 2, /--watch prints JSON lines, and no yaml/],
  'no such name': [['get', 'digit', '-w'], 3, /no Experiment or Trial digit [\s\S]*did you mean/],
} as const;
for (const [name, [words, exitCode, stderr]] of Object.entries(WRONG)) {
  test(`U --watch: ${name}`, async () => {
    const engine = new FakeEngine().add(digits('Running', '1'));
    const ran = await run(engine, words, () => {});
    assert.deepEqual([ran.exitCode, ran.stdout], [exitCode, '']);
    assert.match(ran.stderr, stderr);
  });
}

test('U --watch says which right is missing', async (t) => {
  const { kubeconfig } = await useApiServer(t, () => refused(403, 'Forbidden', 'no'));
  const ran = await espalier(['list', '-w', '--kubeconfig', kubeconfig], new FakeEngine());
  assert.equal(ran.exitCode, 1);
  assert.match(
    ran.stderr,
    /looking every few seconds instead\nerror: .*the verb list on experiments/,
  );
});
