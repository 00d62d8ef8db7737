import type { Device, Tensor } from '../backend/device.ts';
import { LOSSES, type Loss } from '../loss/loss.ts';
import { buildNetwork, type Network } from '../network/network.ts';
import { specifyNetwork } from '../network/specification.ts';
import { Optimizer } from '../optimise/optimizer.ts';
import { UPDATE_RULES } from '../optimise/update-rules.ts';
import type { Parameters } from '../parameters/definition.ts';
import { type Progress, SCHEDULES, type Schedule } from '../schedule/schedule.ts';
import { DivergedError } from '../trainer-error.ts';
import { likelyClasses } from './likely-classes.ts';
import type { StepProfile } from './step-profile.ts';
import type { BatchScore } from './tally.ts';

export interface StepResult extends BatchScore {
  /** Before clipping. */
  readonly gradNorm: number;
  readonly learningRate: number;
}

/** A network in training: it knows batches and steps, nothing of files, epochs or reports. */
export class Session {
  readonly network: Network;
  readonly optimizer: Optimizer;
  readonly #device: Device;
  readonly #parameters: Parameters;
  readonly #loss: Loss;
  readonly #schedule: Schedule;
  /** Set to learn where the time of the steps goes. */
  profile: StepProfile | undefined;

  constructor(device: Device, parameters: Parameters) {
    this.#device = device;
    this.#parameters = parameters;
    this.#loss = LOSSES[parameters.loss];
    this.#schedule = SCHEDULES[parameters.schedule];
    this.network = buildNetwork(device, specifyNetwork(parameters), parameters.seed);
    const rule = UPDATE_RULES[parameters.optimizer](parameters);
    this.optimizer = new Optimizer(device, this.network.parameters, rule, parameters);
  }

  /**
   * Forward, loss, backward, clip, update. Takes `images`.
   *
   * @throws {DivergedError} before the update, if the loss or the gradient is not finite.
   */
  train(images: Tensor, labels: Int32Array, progress: Progress): StepResult {
    const { profile } = this;
    const logits = this.network.forward(images);
    profile?.mark('forward');
    const { values, gradient } = this.#loss(this.#device, logits, labels);
    const accuracy = countCorrect(likelyClasses(this.#device, logits), labels) / labels.length;
    const loss = mean(values);
    profile?.mark('loss');
    this.network.backward(gradient);
    profile?.mark('backward');
    const gradNorm = this.optimizer.gradientNorm();
    profile?.mark('norm');
    const step = progress.step + 1;
    if (!Number.isFinite(loss)) throw new DivergedError(`the loss is ${loss} at step ${step}`);
    if (!Number.isFinite(gradNorm)) {
      throw new DivergedError(`the norm of the gradient is ${gradNorm} at step ${step}`);
    }
    const learningRate = this.#parameters.lr * this.#schedule(progress, this.#parameters);
    this.optimizer.apply(gradNorm, learningRate, step);
    this.network.releaseGradients();
    profile?.mark('update');
    return { images: labels.length, loss, accuracy, gradNorm, learningRate };
  }

  /** Loss, accuracy and likeliest classes by the running statistics. Takes `images`. */
  evaluate(images: Tensor, labels: Int32Array): BatchScore & { readonly predicted: Int32Array } {
    const logits = this.network.evaluate(images);
    const { values, gradient } = this.#loss(this.#device, logits, labels);
    const predicted = likelyClasses(this.#device, logits);
    const accuracy = countCorrect(predicted, labels) / labels.length;
    this.#device.free(images, logits, gradient);
    return { images: labels.length, loss: mean(values), accuracy, predicted };
  }

  dispose(): void {
    this.optimizer.dispose();
    this.network.dispose();
  }
}

function countCorrect(predicted: Int32Array, labels: Int32Array): number {
  return predicted.reduce((sum, label, index) => sum + (label === labels[index] ? 1 : 0), 0);
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
