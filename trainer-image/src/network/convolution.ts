import type { OpAttribute } from '../backend/binding.ts';
import type { Device, Tensor } from '../backend/device.ts';
import type { Layer, Parameter } from './layer.ts';

/** What a convolution needs to know of its neighbours. */
export interface ConvolutionPlace {
  /** The input is an image, whose gradient nobody needs. */
  readonly isFirst: boolean;
  /**
   * Batch normalisation follows and adds the bias to its running mean. In training it takes any constant
   * off again, so the bias is not added, which saves 3 % of a step, and its gradient is 0.
   */
  readonly isNormalised: boolean;
}

/** 3x3, stride 1, one pixel of zero padding, with a bias; height x width x channels in and out. */
export class Convolution implements Layer {
  readonly kind = 'convolution';
  readonly parameters: readonly Parameter[];
  readonly statistics = [];
  readonly #device: Device;
  readonly #weight: Parameter;
  readonly #bias: Parameter;
  readonly #place: ConvolutionPlace;
  readonly #attributes: readonly OpAttribute[];
  readonly #biasAttributes: readonly OpAttribute[];

  constructor(device: Device, weight: Parameter, bias: Parameter, place: ConvolutionPlace) {
    const a = device.attribute;
    this.#device = device;
    this.#weight = weight;
    this.#bias = bias;
    this.#place = place;
    this.parameters = [weight, bias];
    this.#attributes = [
      a.float32('T'),
      a.integer('strides', [1, 1, 1, 1]),
      a.text('padding', 'SAME'),
      a.text('data_format', 'NHWC'),
    ];
    this.#biasAttributes = [a.float32('T'), a.text('data_format', 'NHWC')];
  }

  forward(input: Tensor, training: boolean): Tensor {
    const device = this.#device;
    const weight = this.#weight.variable.read();
    const product = device.run('Conv2D', this.#attributes, input, weight);
    device.free(weight);
    if (training && this.#place.isNormalised) return product;
    const bias = this.#bias.variable.read();
    const output = device.run('BiasAdd', this.#biasAttributes, product, bias);
    device.free(bias, product);
    return output;
  }

  backward(gradient: Tensor, input: Tensor): Tensor | undefined {
    const device = this.#device;
    const weight = this.#weight.variable.read();
    const weightShape = device.integers([4], Int32Array.from(weight.shape));
    this.#weight.gradient = device.run(
      'Conv2DBackpropFilter',
      this.#attributes,
      input,
      weightShape,
      gradient,
    );
    this.#bias.gradient = this.#place.isNormalised
      ? device.zeros(this.#bias.variable.shape)
      : device.run('BiasAddGrad', this.#biasAttributes, gradient);
    const inputGradient = this.#place.isFirst
      ? undefined
      : this.#inputGradient(gradient, weight, input);
    device.free(weight, weightShape);
    return inputGradient;
  }

  #inputGradient(gradient: Tensor, weight: Tensor, input: Tensor): Tensor {
    if (this.#device.isGpu) return this.#inputGradientByOp(gradient, weight, input);
    const device = this.#device;
    // With stride 1 and this padding it is the convolution of the output's gradient with the weight
    // turned by half a turn, in and out exchanged. oneDNN does that up to eleven times faster than
    // the op for it, where channels are many and pixels few.
    const a = device.attribute;
    const plane = device.integers([2], Int32Array.of(0, 1));
    const exchange = device.integers([4], Int32Array.of(0, 1, 3, 2));
    const turned = device.run('ReverseV2', [a.float32('T'), a.int32('Tidx')], weight, plane);
    const swapped = device.run('Transpose', [a.float32('T'), a.int32('Tperm')], turned, exchange);
    const inputGradient = device.run('Conv2D', this.#attributes, gradient, swapped);
    device.free(plane, exchange, turned, swapped);
    return inputGradient;
  }

  #inputGradientByOp(gradient: Tensor, weight: Tensor, input: Tensor): Tensor {
    const device = this.#device;
    const shape = device.integers([4], Int32Array.from(input.shape));
    const result = device.run('Conv2DBackpropInput', this.#attributes, shape, weight, gradient);
    device.free(shape);
    return result;
  }
}
