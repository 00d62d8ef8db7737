import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Experiment, experimentSchema, type Trial } from '@espalier/api';
import { ArtifactFolder } from './artifact-folder.ts';
import { checkpointPlace } from './donor-checkpoint.ts';
import { DurableFiles } from './durable-file.ts';
import { Layout, trialPlace } from './layout.ts';
import { newExperiment, newTrial } from './new-object.ts';
import { linkCheckpoint } from './resume-point.ts';

const CALL = { signal: new AbortController().signal };

interface Scene {
  readonly layout: Layout;
  readonly store: ArtifactFolder;
  readonly experiment: Experiment;
  readonly trial: Trial;
}

function scene(t: TestContext): Scene {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-artifacts-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const layout = new Layout(dir);
  const asked = experimentSchema.parse({
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Experiment',
    metadata: { namespace: 'default', name: 'sweep' },
    spec: {
      objective: { metric: 'acc', goal: 'maximize' },
      parameters: [{ name: 'lr', float: { value: 1 } }],
    },
  });
  const experiment = newExperiment(asked, 0);
  const spec = { index: 0, configuration: 0, replicate: 0, parameters: [], algorithm: 'grid@1' };
  const trial = newTrial(experiment, spec, 0);
  return { layout, experiment, trial, store: new ArtifactFolder(layout, new DurableFiles()) };
}

/** Writes files and a manifest that lists them; returns the attempt's folder. */
function attempt(
  { layout, experiment, trial }: Scene,
  number: number,
  options: { readonly name?: string; readonly step?: number; readonly extra?: object } = {},
): string {
  const folder = layout.attemptArtifacts(experiment.metadata, trialPlace(trial), number);
  const step = options.step ?? 10;
  const files = [`checkpoint-${step}/model.safetensors`, 'metrics.csv'].map((path) => {
    const content = `${path} of ${number}`;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { path, size: content.length, sha256 };
  });
  const manifest = {
    version: 1,
    trialUid: trial.metadata.uid,
    attempt: number,
    step,
    epoch: 1,
    best: { step, epoch: 1, value: 0.5 },
    resume: { step },
    files,
    ...options.extra,
  };
  writeFileSync(join(folder, options.name ?? 'manifest.json'), JSON.stringify(manifest));
  return folder;
}

test('G8 a whole attempt names its verified checkpoint', async (t) => {
  const at = scene(t);
  assert.equal(at.store.filesOf(at.trial, 0).kind, 'unknown');
  await at.store.inspect(at.experiment, at.trial, 0, CALL);
  assert.equal(at.store.filesOf(at.trial, 0).kind, 'none');
  const folder = attempt(at, 0);
  await at.store.inspect(at.experiment, at.trial, 0, CALL);
  const files = at.store.filesOf(at.trial, 0);
  assert.ok(files.kind === 'whole');
  const { checkpoint, metricsCsv } = files.artifacts;
  assert.equal(checkpoint?.uri, `file://${folder}/checkpoint-10/model.safetensors`);
  assert.equal(metricsCsv, `file://${folder}/metrics.csv`);
});

const damages: Record<string, (folder: string) => void> = {
  'a file with other content': (folder) => {
    const path = join(folder, 'metrics.csv');
    writeFileSync(path, readFileSync(path, 'utf8').toUpperCase());
  },
  'a file that is too short': (folder) => writeFileSync(join(folder, 'metrics.csv'), 'x'),
  'a file that is gone': (folder) => rmSync(join(folder, 'metrics.csv')),
  'a manifest cut in the middle': (folder) =>
    writeFileSync(join(folder, 'manifest.json'), '{"version":1,'),
  'a file behind a link': (folder) => {
    renameSync(join(folder, 'metrics.csv'), join(folder, 'else'));
    symlinkSync('else', join(folder, 'metrics.csv'));
  },
  'a folder behind a link': (folder) => {
    renameSync(join(folder, 'checkpoint-10'), join(folder, 'else'));
    symlinkSync('else', join(folder, 'checkpoint-10'));
  },
};
for (const [what, damage] of Object.entries(damages)) {
  test(`G8 ${what} makes the attempt damaged`, async (t) => {
    const at = scene(t);
    damage(attempt(at, 0));
    await at.store.inspect(at.experiment, at.trial, 0, CALL);
    assert.equal(at.store.filesOf(at.trial, 0).kind, 'damaged');
  });
}

test('G8 a manifest that lists a path outside its attempt, or is of another trial, is refused', async (t) => {
  const at = scene(t);
  const sha256 = '0'.repeat(64);
  const hostile = [
    { files: [{ path: '../../../secret', size: 1, sha256 }] },
    { files: [{ path: '/etc/passwd', size: 1, sha256 }] },
    { trialUid: 'another' },
    { attempt: 7 },
  ];
  for (const extra of hostile) {
    attempt(at, 0, { extra });
    await at.store.inspect(at.experiment, at.trial, 0, CALL);
    assert.equal(at.store.filesOf(at.trial, 0).kind, 'damaged', JSON.stringify(extra));
  }
});

test('a resume takes the newest whole checkpoint and passes over damaged ones', async (t) => {
  const at = scene(t);
  attempt(at, 0, { name: 'manifest-10.json', step: 10 });
  const newer = attempt(at, 0, { name: 'manifest-20.json', step: 20 });
  attempt(at, 1, { name: 'manifest-15.json', step: 15 });
  const point = (next: number) => at.store.resumePoint(at.experiment, at.trial, next, CALL);
  assert.equal(await point(0), undefined);
  assert.deepEqual(await point(2), {
    trialUid: at.trial.metadata.uid,
    trialIndex: 0,
    attempt: 0,
    step: 20,
  });
  writeFileSync(join(newer, 'checkpoint-20/model.safetensors'), 'damaged');
  const found = await point(2);
  assert.equal(found?.step, 15);

  const target = join(at.layout.dir, 'resume');
  mkdirSync(target);
  assert.ok(found !== undefined);
  const from = checkpointPlace(at.layout, at.experiment, at.trial, found);
  await linkCheckpoint(from, target, found, CALL);
  await linkCheckpoint(from, target, found, CALL);
  assert.deepEqual(readdirSync(target).sort(), [
    'checkpoint-15',
    'manifest-15.json',
    'metrics.csv',
  ]);
  const model = statSync(join(target, 'checkpoint-15/model.safetensors'));
  assert.equal(model.nlink, 2, 'a checkpoint is linked, not copied');
});

test('G8 the checkpoint of a donor stays for its child when the donor has deleted it, and no other is taken', async (t) => {
  const at = scene(t);
  const folder = attempt(at, 0, { name: 'manifest-10.json', step: 10 });
  const donor = await at.store.keepDonor(at.experiment, at.trial, 7, CALL);
  assert.equal(donor?.step, 10);
  const { metadata, spec } = newTrial(at.experiment, { ...at.trial.spec, index: 7 }, 0);
  const { name, uid } = at.trial.metadata;
  const child: Trial = {
    ...at.trial,
    metadata,
    spec: { ...spec, parent: { trial: name, uid, step: 10 } },
  };
  // The donor goes on, and what it does not need any more goes.
  rmSync(folder, { recursive: true });
  attempt(at, 0, { name: 'manifest-20.json', step: 20 });
  const point = await at.store.resumePoint(at.experiment, child, 0, CALL);
  assert.deepEqual(point, { trialUid: uid, trialIndex: at.trial.spec.index, attempt: 0, step: 10 });
  const target = join(at.layout.dir, 'child');
  await linkCheckpoint(
    checkpointPlace(at.layout, at.experiment, child, point),
    target,
    point,
    CALL,
  );
  assert.ok(readdirSync(target).includes('manifest-10.json'));
  const other = { ...child, spec: { ...child.spec, parent: { trial: name, uid, step: 20 } } };
  assert.equal(await at.store.resumePoint(at.experiment, other, 0, CALL), undefined);
  await at.store.dropCheckpoints(at.experiment, child, CALL);
  assert.equal(await at.store.resumePoint(at.experiment, child, 0, CALL), undefined);
});

test('dropping checkpoints leaves CSVs, logs and manifests', async (t) => {
  const at = scene(t);
  const folders = [attempt(at, 0), attempt(at, 1)];
  await at.store.dropCheckpoints(at.experiment, at.trial, CALL);
  await at.store.dropCheckpoints(at.experiment, at.trial, CALL);
  for (const folder of folders) {
    assert.deepEqual(readdirSync(folder).sort(), ['manifest.json', 'metrics.csv']);
  }
});

test('G10 deleting everything stays inside the Experiment and follows no link', async (t) => {
  const at = scene(t);
  const root = dirname(dirname(dirname(attempt(at, 0))));
  const precious = join(at.layout.dir, 'precious');
  mkdirSync(precious);
  writeFileSync(join(precious, 'file'), '');
  symlinkSync(precious, join(root, 'link'));
  await at.store.deleteAll(at.experiment);
  assert.ok(!existsSync(root));
  assert.ok(existsSync(join(precious, 'file')));
  symlinkSync(precious, root);
  await assert.rejects(at.store.deleteAll(at.experiment), { code: 'Storage' });
  assert.ok(existsSync(join(precious, 'file')));
});

test('what is published is replaced as a whole, and the same again is done', async (t) => {
  const at = scene(t);
  await at.store.publishTrials(at.experiment, 'a,b\n');
  await at.store.publishTrials(at.experiment, 'a,b\n');
  const best = { trial: 'sweep-00000', configuration: 0, value: 1, step: 1, parameters: [] };
  await at.store.publishBest(at.experiment, best);
  const folder = at.layout.experimentArtifacts(at.experiment.metadata);
  assert.deepEqual(readdirSync(folder).sort(), ['best.json', 'trials.csv']);
  assert.deepEqual(JSON.parse(readFileSync(join(folder, 'best.json'), 'utf8')), best);
});
