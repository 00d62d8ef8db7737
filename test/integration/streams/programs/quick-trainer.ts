/**
 * A trainer without a network: it keeps the whole contract, with the couriers and files of our own
 * trainer, and a curve that its parameters give. A fault test can run many of them.
 *
 * `epochs`, `steps` per epoch, `epochMs`, `top` (the last value of `acc`), `mode`: `nan` diverges in
 * the middle, `drag` takes eight times as long if `top` is less than 0.5: time to be stopped.
 * `cost`: reports epoch_seconds, which is it and `top` together: the better, the slower.
 * `mib`: what its model takes. `prints`: 1 = every line of the report is also printed, where neither NATS nor
 * a store is needed to read it.
 * `holds`: attempts before that number wait after their second epoch for a file `go` beside the report.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ARTIFACT,
  assignmentValue,
  checkpointFolder,
  EXIT_CODE,
  encodePoint,
  encodeReportLine,
  type Manifest,
  manifestSchema,
  type Point,
  pointSchema,
  pointsSegment,
} from '@espalier/api';
import { AttemptFolder } from '../../../../trainer-image/src/checkpoint/attempt-folder.ts';
import { listenForStop } from '../../../../trainer-image/src/commands/stop-signal.ts';
import { readTrialEnvironment } from '../../../../trainer-image/src/commands/trial-environment.ts';
import { beginDelivery } from '../../../../trainer-image/src/report/delivery.ts';
import { PointLog } from '../../../../trainer-image/src/report/point-log.ts';
import {
  openReportFile,
  type ReportSink,
} from '../../../../trainer-image/src/report/report-sink.ts';
import { metricsTable, stepsTable } from '../../../../trainer-image/src/report/tables.ts';
import { writeLastWords } from '../../../../trainer-image/src/report/termination-log.ts';

const PROGRAM_ERROR = 1;
const FAILED_DELIVERY_MS = 60_000;

interface State {
  step: number;
  epoch: number;
  best: Manifest['best'];
}

interface Resumed {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly state: State;
  readonly points: readonly Point[];
}

/** Reads what the fetching container has put there; undefined = start anew. */
function readResumed(folder: string | undefined): Resumed | undefined {
  const name = folder && readdirSync(folder).find((entry) => /^manifest-\d+\.json$/.test(entry));
  if (!folder || !name) return undefined;
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const text = (path: string) => readFileSync(join(folder, path), 'utf8');
  const state = text(`${checkpointFolder(manifest.resume?.step ?? 0)}/${ARTIFACT.state}`);
  const points = manifest.files
    .filter(({ path }) => path.startsWith('points-'))
    .flatMap(({ path }) => text(path).trimEnd().split('\n'))
    .map((line) => pointSchema.parse(JSON.parse(line)))
    .sort((a, b) => a.seq - b.seq);
  return { folder, manifest, state: JSON.parse(state) as State, points };
}

function modelIn({ folder, manifest, state }: Resumed): string {
  const step = manifest.resume?.step ?? state.step;
  const text = readFileSync(join(folder, checkpointFolder(step), ARTIFACT.model), 'utf8');
  return text.split('\n')[0] ?? '';
}

const stop = listenForStop();
const environment = readTrialEnvironment(process.env);
const { task, outFolder } = environment;
const delivery = beginDelivery(environment, stop);
const parameters = new Map(task.parameters.map((one) => [one.name, assignmentValue(one)]));
const number = (name: string, fallback: number) => Number(parameters.get(name) ?? fallback);
const [epochs, steps] = [number('epochs', 4), number('steps', 5)];
const [epochMs, top] = [number('epochMs', 50), number('top', 0.5)];
const cost = parameters.has('cost') ? number('cost', 0) : undefined;
const mode = parameters.get('mode') ?? 'ok';
const holdsAfter = task.attempt < number('holds', 0) ? 2 : Number.POSITIVE_INFINITY;
const stepMs = (epochMs / steps) * (mode === 'drag' && top < 0.5 ? 8 : 1);

const found = readResumed(environment.resumeFolder);
// Of another trial: its weights, step and epoch, but neither its best nor its points.
const isParent = found !== undefined && found.manifest.trialUid !== task.uid;
const resumed = isParent
  ? { ...found, points: [], manifest: { ...found.manifest, files: [] } }
  : found;
const state: State = {
  ...(resumed?.state ?? { step: 0, epoch: 0, best: null }),
  ...(isParent ? { best: null } : {}),
};
/** What its model holds: how it came to be, an entry for each trial that has trained it. */
const weights = `${found === undefined ? '' : modelIn(found)}${task.trial}@${state.step} `;
const reportFile = openReportFile(delivery.reportFile);
/** Printed first: nobody has heard of a point that is not in the log. */
const printed: ReportSink = {
  ...reportFile,
  write(line) {
    process.stdout.write(`${encodeReportLine(line)}\n`);
    reportFile.write(line);
  },
};
const points = new PointLog(
  resumed?.points ?? [],
  (resumed?.points.at(-1)?.seq ?? -1) + 1,
  number('prints', 0) === 1 ? printed : reportFile,
);
const folder = new AttemptFolder(outFolder, { trialUid: task.uid, attempt: task.attempt });
const modelOf = (step: number) => `${checkpointFolder(step)}/${ARTIFACT.model}`;
const stateOf = (step: number) => `${checkpointFolder(step)}/${ARTIFACT.state}`;
const write = (path: string, text: string) => folder.write(path, [Buffer.from(text)]);

function writeSegment(): void {
  const unsaved = points.takeUnsaved();
  const text = unsaved.map((point) => `${encodePoint(point)}\n`).join('');
  if (unsaved[0] !== undefined) write(pointsSegment(unsaved[0].seq), text);
}

function writeModel(): void {
  const path = modelOf(state.step);
  const padding = ' '.repeat(number('mib', 0) * 2 ** 20);
  if (!folder.has(path)) write(path, `${weights}\nafter ${state.step} steps\n${padding}`);
}

const isBest = (path: string) => state.best !== null && path === modelOf(state.best.step);
const isLasting = (path: string) => !path.startsWith('checkpoint-') || isBest(path);

let savedAt = resumed?.state.step ?? 0;

function save(): void {
  if (state.step === savedAt) return;
  savedAt = state.step;
  writeModel();
  write(stateOf(state.step), JSON.stringify(state));
  writeSegment();
  const kept = [modelOf(state.step), stateOf(state.step)];
  const facts = { ...state, resume: { step: state.step } };
  folder.commitCheckpoint(facts, (path) => isLasting(path) || kept.includes(path));
}

function end(): void {
  writeSegment();
  write(ARTIFACT.metricsCsv, metricsTable(points.points));
  write(ARTIFACT.stepsCsv, stepsTable(points.points));
  write(ARTIFACT.submissionCsv, `Id,Category\n1,${Math.round(top * 100)}\n`);
  write(ARTIFACT.log, `${task.trial} ended after ${state.step} steps\n`);
  folder.commitEnd({ ...state, resume: null }, isLasting);
}

async function runEpoch(): Promise<void> {
  for (let done = 0; done < steps; done++) {
    await sleep(stepMs, undefined, { signal: stop });
    state.step += 1;
    points.add(state.step, state.epoch, { loss: 1 / state.step });
  }
  state.epoch += 1;
  const isLost = mode === 'nan' && state.epoch * 2 > epochs;
  const value = isLost ? Number.NaN : (top * state.epoch) / epochs;
  const seconds = cost === undefined ? {} : { epoch_seconds: cost + top };
  points.add(state.step, state.epoch, { train_loss: 1 / state.step, valid_acc: value, ...seconds });
  if (isLost) throw EXIT_CODE.diverged;
  if (state.best === null || value > state.best.value) {
    state.best = { step: state.step, epoch: state.epoch, value };
    writeModel();
  }
  points.flush();
}

async function hold(): Promise<void> {
  const go = join(dirname(delivery.reportFile), 'go');
  while (!existsSync(go)) await sleep(20, undefined, { signal: stop });
}

async function train(): Promise<number> {
  points.start(state.step, epochs);
  process.stdout.write(`${task.trial} attempt ${task.attempt} begins at step ${state.step}\n`);
  for (const file of resumed?.manifest.files ?? []) {
    if (isLasting(file.path)) await folder.inherit(resumed?.folder ?? '', file);
  }
  try {
    for (let done = 0; state.epoch < epochs; done++) {
      if (done === holdsAfter) await hold();
      await runEpoch();
      process.stdout.write(`epoch ${state.epoch} of ${epochs}\n`);
      if (state.epoch < epochs && state.epoch % task.checkpoint.everyEpochs === 0) save();
    }
  } catch (error) {
    if (error === EXIT_CODE.diverged) {
      end();
      points.finish();
      return EXIT_CODE.diverged;
    }
    if (!stop.aborted) {
      process.stderr.write(`${String(error)}\n`);
      return PROGRAM_ERROR;
    }
    save();
    points.finish();
    return EXIT_CODE.terminated;
  }
  end();
  points.finish();
  return EXIT_CODE.done;
}

const code = await train();
const last = points.points.findLast(({ values }) => task.objective.metric in values);
const words = { point: last };
if (process.env['ESPALIER_TERMINATION_LOG']) {
  writeLastWords(process.env['ESPALIER_TERMINATION_LOG'], words, task.objective.metric);
}
const missing = await delivery.finish(code === PROGRAM_ERROR ? FAILED_DELIVERY_MS : undefined);
process.exit(code === EXIT_CODE.done && missing.length > 0 ? EXIT_CODE.terminated : code);
