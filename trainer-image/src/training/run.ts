import type { Device } from '../backend/device.ts';
import type { Checkpointer } from '../checkpoint/checkpointer.ts';
import { batchesOf, countBatches, feed, fileOrder, shuffledOrder } from '../data/batches.ts';
import type { ImageSet } from '../data/image-set.ts';
import type { Pass } from '../data/pass.ts';
import type { Parameters } from '../parameters/definition.ts';
import type { PointLog } from '../report/point-log.ts';
import { type Confusion, ConfusionTally } from './confusion.ts';
import { passLines } from './log-lines.ts';
import type { ProgressDisplay } from './progress.ts';
import type { RunLog } from './run-log.ts';
import { isOver, type RunState, recordAccuracy, turnEpoch } from './run-state.ts';
import type { Session } from './session.ts';
import { addBatch, emptyTally, meansOf, type PassMeans } from './tally.ts';

/** All that a run works with; nothing here is made or closed by the run itself. */
export interface RunParts {
  readonly parameters: Parameters;
  readonly device: Device;
  readonly session: Session;
  readonly trainImages: ImageSet;
  readonly validImages: ImageSet;
  readonly points: PointLog;
  readonly checkpointer: Checkpointer;
  readonly checkpointEveryEpochs: number;
  readonly log: RunLog;
  readonly progress: ProgressDisplay;
  /** Aborted when the process is asked to end. */
  readonly stop: AbortSignal;
}

/**
 * Trains from `state` to the end: epochs of a training and a validation pass.
 *
 * `state` changes at step boundaries only, so whoever catches the error of a requested stop may save
 * it and go on later bit for bit.
 *
 * @throws {StopRequested} at the first step boundary after `stop`.
 * @throws {DivergedError} if the loss or the gradient is no longer a number.
 */
export async function runEpochs(parts: RunParts, state: RunState): Promise<void> {
  const { parameters, checkpointer, log } = parts;
  let pass = trainingPass(parts, state.epoch, state.position);
  while (!isOver(state, parameters)) {
    await trainPass(parts, state, pass);
    pass = trainingPass(parts, state.epoch + 1);
    if (state.epoch + 1 < parameters.epochs) parts.trainImages.prefetch(pass);
    const { means: valid, confusion } = await validPass(parts, state);
    const train = meansOf(state.train);
    const epoch = state.epoch + 1;
    const { epochs } = parameters;
    const finished = { ...state };
    turnEpoch(state);
    const isBest = recordAccuracy(state, valid.accuracy, confusion);
    reportEpoch(parts, finished, train, valid);
    state.nextSeq = parts.points.nextSeq;
    for (const line of passLines({ epoch, epochs, train, valid, isBest })) log.say(line);
    if (isBest) checkpointer.keepBest(state);
    if (epoch % parts.checkpointEveryEpochs === 0) checkpointer.save(state);
  }
  if (state.epoch < parameters.epochs) {
    log.say(
      `No improvement in ${state.stale} epochs, so training ends after epoch ${state.epoch}.`,
    );
  }
}

/** The batches of an epoch from `position` on. */
function trainingPass({ parameters, trainImages }: RunParts, epoch: number, position = 0): Pass {
  const order = shuffledOrder(trainImages.length, parameters.seed, 'shuffle', epoch);
  const batches = batchesOf(order, parameters.batchSize).slice(position);
  return {
    requests: batches.map((images) => ({ images, version: epoch })),
    change: { settings: parameters, purpose: 'augment' },
  };
}

async function trainPass(parts: RunParts, state: RunState, pass: Pass): Promise<void> {
  const { parameters, device, session, trainImages, points, progress } = parts;
  const { batchSize } = parameters;
  const stepsPerEpoch = countBatches(trainImages.length, batchSize);
  const totalSteps = stepsPerEpoch * parameters.epochs;
  let began = performance.now();
  session.profile?.begin(state.epoch);
  for await (const { images, request } of feed(device, trainImages, pass, parts.stop)) {
    const labels = trainImages.labelsOf(request.images);
    session.profile?.mark('data');
    const result = session.train(images, labels, { step: state.step, totalSteps, stepsPerEpoch });
    const seconds = (performance.now() - began) / 1000;
    state.step += 1;
    state.position += 1;
    addBatch(state.train, result);
    state.gradNormSum += result.gradNorm;
    state.gradNormMax = Math.max(state.gradNormMax, result.gradNorm);
    state.seconds += seconds;
    points.add(state.step, state.epoch, {
      loss: result.loss,
      grad_norm: result.gradNorm,
      lr: result.learningRate,
      images_per_sec: result.images / seconds,
    });
    state.nextSeq = points.nextSeq;
    progress.show(`epoch ${state.epoch + 1} train`, state.position, stepsPerEpoch);
    began = performance.now();
    session.profile?.begin(state.epoch);
  }
  progress.clear();
}

async function validPass(
  parts: RunParts,
  state: RunState,
): Promise<{ readonly means: PassMeans; readonly confusion: Confusion }> {
  const { parameters, device, session, validImages, progress } = parts;
  const { batchSize, seed, shuffleValid } = parameters;
  const order = shuffleValid
    ? shuffledOrder(validImages.length, seed, 'shuffle-valid', state.epoch)
    : fileOrder(validImages.length);
  const requests = batchesOf(order, batchSize).map((images) => ({ images }));
  const tally = emptyTally();
  const confusion = new ConfusionTally();
  for await (const { images, request } of feed(device, validImages, { requests }, parts.stop)) {
    const labels = validImages.labelsOf(request.images);
    const result = session.evaluate(images, labels);
    addBatch(tally, result);
    confusion.add(labels, result.predicted);
    progress.show(`epoch ${state.epoch + 1} valid`, tally.batches, requests.length);
  }
  progress.clear();
  return { means: meansOf(tally), confusion: confusion.rows() };
}

function reportEpoch(
  { points, parameters, trainImages }: RunParts,
  finished: RunState,
  train: PassMeans,
  valid: PassMeans,
): void {
  points.add(finished.step, finished.epoch + 1, {
    train_loss: train.loss,
    train_acc: train.accuracy,
    valid_loss: valid.loss,
    valid_acc: valid.accuracy,
    train_loss_weighted: train.weightedLoss,
    train_acc_weighted: train.weightedAccuracy,
    valid_loss_weighted: valid.weightedLoss,
    valid_acc_weighted: valid.weightedAccuracy,
    grad_norm_mean: finished.gradNormSum / countBatches(trainImages.length, parameters.batchSize),
    grad_norm_max: finished.gradNormMax,
    images_per_sec: trainImages.length / finished.seconds,
    epoch_seconds: finished.seconds,
  });
  points.flush();
}
