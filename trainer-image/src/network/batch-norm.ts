import type { OpAttribute } from '../backend/binding.ts';
import type { Device, Tensor } from '../backend/device.ts';
import type { Layer, Parameter, RunningStatistic } from './layer.ts';

const EPSILON = 1e-5;
/** Share of the newest batch in the running statistics. */
const MOMENTUM = 0.1;

/**
 * Batch normalisation as PyTorch does it: in training by the batch's statistics, else by running
 * ones, whose variance is the unbiased one. TensorFlow's fused op gives just that.
 */
export class BatchNorm implements Layer {
  readonly kind = 'batch-norm';
  readonly parameters: readonly Parameter[];
  readonly statistics: readonly [RunningStatistic, RunningStatistic];
  readonly #device: Device;
  readonly #gamma: Parameter;
  readonly #beta: Parameter;
  readonly #shift: Parameter | undefined;
  readonly #training: readonly OpAttribute[];
  readonly #inference: readonly OpAttribute[];
  readonly #gradient: readonly OpAttribute[];
  /** What the fused op hands to its gradient. */
  #saved: readonly [Tensor, Tensor, Tensor] | undefined;

  /** @param shift What the input lacks in training, see {@link ConvolutionPlace}. */
  constructor(
    device: Device,
    gamma: Parameter,
    beta: Parameter,
    mean: RunningStatistic,
    variance: RunningStatistic,
    shift?: Parameter,
  ) {
    const a = device.attribute;
    const common = [
      a.float32('T'),
      a.float32('U'),
      a.float('epsilon', EPSILON),
      a.text('data_format', 'NHWC'),
    ];
    this.#device = device;
    this.#gamma = gamma;
    this.#beta = beta;
    this.#shift = shift;
    this.parameters = [gamma, beta];
    this.statistics = [mean, variance];
    this.#gradient = [...common, a.flag('is_training', true)];
    this.#training = [...this.#gradient, a.float('exponential_avg_factor', MOMENTUM)];
    this.#inference = [...common, a.flag('is_training', false)];
  }

  forward(input: Tensor, training: boolean): Tensor {
    if (training) this.#moveMean('Sub');
    const device = this.#device;
    const gamma = this.#gamma.variable.read();
    const beta = this.#beta.variable.read();
    const [mean, variance] = this.statistics;
    const [output, newMean, newVariance, ...saved] = device.runMany(
      'FusedBatchNormV3',
      training ? this.#training : this.#inference,
      [input, gamma, beta, mean.value, variance.value],
      6,
    );
    device.free(gamma, beta);
    const [a, b, c] = saved;
    if (!output || !newMean || !newVariance || !a || !b || !c) throw new Error('FusedBatchNormV3');
    if (!training) {
      device.free(newMean, newVariance, a, b, c);
      return output;
    }
    this.#release();
    this.#saved = [a, b, c];
    device.free(mean.value, variance.value);
    mean.value = newMean;
    variance.value = newVariance;
    this.#moveMean('AddV2');
    return output;
  }

  backward(gradient: Tensor, input: Tensor): Tensor {
    const device = this.#device;
    if (this.#saved === undefined) throw new Error('backward without forward');
    const gamma = this.#gamma.variable.read();
    const [inputGradient, gammaGradient, betaGradient, ...unused] = device.runMany(
      'FusedBatchNormGradV3',
      this.#gradient,
      [gradient, input, gamma, ...this.#saved],
      5,
    );
    device.free(gamma, ...unused);
    this.#release();
    if (inputGradient === undefined) throw new Error('FusedBatchNormGradV3');
    this.#gamma.gradient = gammaGradient;
    this.#beta.gradient = betaGradient;
    return inputGradient;
  }

  /** Into the terms of an input without the shift, and back. */
  #moveMean(op: 'Sub' | 'AddV2'): void {
    if (this.#shift === undefined) return;
    const device = this.#device;
    const [mean] = this.statistics;
    const shift = this.#shift.variable.read();
    const moved = device.run(op, [device.attribute.float32('T')], mean.value, shift);
    device.free(shift, mean.value);
    mean.value = moved;
  }

  #release(): void {
    this.#device.free(...(this.#saved ?? []));
    this.#saved = undefined;
  }
}
