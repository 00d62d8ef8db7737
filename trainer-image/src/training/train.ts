import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Device, openDevice } from '../backend/device.ts';
import { requireWantedDevice } from '../backend/device-request.ts';
import { AttemptFolder, type AttemptIdentity } from '../checkpoint/attempt-folder.ts';
import { Checkpointer, modelPath } from '../checkpoint/checkpointer.ts';
import { loadModel } from '../checkpoint/model-file.ts';
import { checkFits, type Resume } from '../checkpoint/resume.ts';
import { decodeSafetensors } from '../checkpoint/safetensors.ts';
import { countBatches } from '../data/batches.ts';
import {
  countWorkers,
  type DataFiles,
  type DataSettings,
  findDataFiles,
  openImages,
} from '../data/data-set.ts';
import type { ImageSet } from '../data/image-set.ts';
import { buildNetwork } from '../network/network.ts';
import { countParameters, specifyNetwork } from '../network/specification.ts';
import type { Parameters } from '../parameters/definition.ts';
import { checkAgainstData } from '../parameters/parse-parameters.ts';
import type { PointLog } from '../report/point-log.ts';
import { DivergedError } from '../trainer-error.ts';
import { epochLines } from './log-lines.ts';
import type { ProgressDisplay } from './progress.ts';
import { runEpochs } from './run.ts';
import type { RunLog } from './run-log.ts';
import { freshState, type RunState } from './run-state.ts';
import { Session } from './session.ts';
import { StepProfile } from './step-profile.ts';
import { StopRequested } from './stop.ts';
import { predictAll, submissionTable } from './submission.ts';

/** One run, whoever asked for it. */
export interface TrainOrder {
  readonly parameters: Parameters;
  readonly dataFolder: string;
  readonly outFolder: string;
  readonly cacheFolder: string;
  readonly identity: AttemptIdentity;
  readonly checkpointEveryEpochs: number;
  /** CPU threads; undefined = all cores. */
  readonly threads: number | undefined;
  readonly resume: Resume | undefined;
  readonly points: PointLog;
  readonly log: RunLog;
  readonly progress: ProgressDisplay;
  /** Say at the end where the time of the steps went. */
  readonly isProfiled?: boolean;
  /** Aborted with {@link StopRequested} as its reason. */
  readonly stop: AbortSignal;
}

/**
 * Runs an order from its data to its last file.
 *
 * @throws {StopRequested} after a checkpoint and all tables so far are saved; before the first step
 *   there is nothing to save.
 * @throws {DivergedError} after the tables so far are saved.
 * @throws {TrainerError} if the parameters or the data make a run impossible.
 */
export async function train(order: TrainOrder): Promise<void> {
  const { parameters, log, resume, points } = order;
  const settings = dataSettings(order);
  const files = findDataFiles(order.dataFolder, settings);
  const steps = countBatches(files.train.length, parameters.batchSize) * parameters.epochs;
  checkAgainstData(parameters, steps);
  if (resume !== undefined) checkFits(resume, parameters);
  const state = resume === undefined ? freshState() : structuredClone(resume.state);
  points.start(state.step, parameters.epochs);

  const device = openDevice({ threads: order.threads, deterministic: parameters.deterministic });
  requireWantedDevice(device, process.env);
  const session = new Session(device, parameters);
  if (order.isProfiled === true) session.profile = new StepProfile();
  const folder = new AttemptFolder(order.outFolder, order.identity);
  const checkpointer = new Checkpointer(device, session, folder, points, parameters);
  log.say(describeRun(device, parameters, files));
  if (resume !== undefined) {
    await checkpointer.restore(resume);
    log.say(`Resumed after step ${state.step}.`);
    for (const line of epochLines(resume.points, parameters.epochs)) log.say(line);
  }
  const opened: ImageSet[] = [];
  const open = (split: DataFiles['train']): ImageSet => {
    const images = openImages(split, settings);
    opened.push(images);
    return images;
  };
  try {
    const [trainImages, validImages] = [open(files.train), open(files.valid)];
    // An image that cannot be decoded ends the run when it is found, not when it is needed.
    const failures = opened.flatMap(({ failure }) => failure ?? []);
    const stop = AbortSignal.any([order.stop, ...failures]);
    const parts = { ...order, device, session, checkpointer, trainImages, validImages, stop };
    await runEpochs(parts, state);
    for (const line of session.profile?.lines() ?? []) log.say(line);
    const { test } = files;
    const submission =
      test && (await predictTest(order, () => open(test), device, checkpointer, state));
    checkpointer.end(state, { log: log.text, submission });
  } catch (error) {
    if (error instanceof StopRequested && state.step > 0) {
      log.say(`Asked to end: saved after step ${state.step}.`);
      checkpointer.save(state, { log: log.text });
    } else if (error instanceof DivergedError) {
      log.say(`Diverged: ${error.message}.`);
      checkpointer.end(state, { log: log.text });
    }
    throw error;
  } finally {
    session.dispose();
    for (const images of opened) await images.close();
  }
}

/** `submission.csv` by the best weights; undefined if there are none. */
async function predictTest(
  order: TrainOrder,
  open: () => ImageSet,
  device: Device,
  checkpointer: Checkpointer,
  state: RunState,
): Promise<string | undefined> {
  if (state.best === null) {
    order.log.say('No checkpoint to predict with: no epoch had an accuracy above 0.');
    return undefined;
  }
  const { parameters, stop } = order;
  const path = join(order.outFolder, modelPath(state.best.step));
  const tensors = checkpointer.unsavedBest ?? decodeSafetensors(readFileSync(path)).tensors;
  const network = buildNetwork(device, specifyNetwork(parameters), parameters.seed);
  loadModel(device, network, tensors);
  const parts = { device, network, progress: order.progress, stop };
  const classes = await predictAll(parts, open(), parameters);
  network.dispose();
  return submissionTable(classes, parameters.idStart);
}

function dataSettings({ parameters, cacheFolder, threads }: TrainOrder): DataSettings {
  const { classes, trainLimit, validLimit, imageSize, resampler } = parameters;
  const workers = countWorkers(parameters, threads);
  return { classes, trainLimit, validLimit, side: imageSize, resampler, workers, cacheFolder };
}

function describeRun(device: Device, parameters: Parameters, files: DataFiles): string {
  const count = countParameters(specifyNetwork(parameters)).toLocaleString('en');
  const where = `TensorFlow ${device.version} on ${device.isGpu ? 'GPU' : 'CPU'}`;
  const images = `${files.train.length} training and ${files.valid.length} validation images`;
  return `${where}, ${count} parameters, ${images}`;
}
