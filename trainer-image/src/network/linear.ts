import type { OpAttribute } from '../backend/binding.ts';
import type { Device, Tensor } from '../backend/device.ts';
import type { Layer, Parameter } from './layer.ts';

/** Rows times an in x out matrix, plus a bias. */
export class Linear implements Layer {
  readonly kind = 'linear';
  readonly parameters: readonly Parameter[];
  readonly statistics = [];
  readonly #device: Device;
  readonly #weight: Parameter;
  readonly #bias: Parameter;
  readonly #biasAttributes: readonly OpAttribute[];

  constructor(device: Device, weight: Parameter, bias: Parameter) {
    const a = device.attribute;
    this.#device = device;
    this.#weight = weight;
    this.#bias = bias;
    this.parameters = [weight, bias];
    this.#biasAttributes = [a.float32('T'), a.text('data_format', 'NHWC')];
  }

  forward(input: Tensor): Tensor {
    const device = this.#device;
    const weight = this.#weight.variable.read();
    const bias = this.#bias.variable.read();
    const product = device.run('MatMul', this.#transpose(false, false), input, weight);
    const output = device.run('BiasAdd', this.#biasAttributes, product, bias);
    device.free(weight, bias, product);
    return output;
  }

  backward(gradient: Tensor, input: Tensor): Tensor {
    const device = this.#device;
    this.#weight.gradient = device.run('MatMul', this.#transpose(true, false), input, gradient);
    this.#bias.gradient = device.run('BiasAddGrad', this.#biasAttributes, gradient);
    const weight = this.#weight.variable.read();
    const inputGradient = device.run('MatMul', this.#transpose(false, true), gradient, weight);
    device.free(weight);
    return inputGradient;
  }

  #transpose(left: boolean, right: boolean): readonly OpAttribute[] {
    const a = this.#device.attribute;
    return [a.float32('T'), a.flag('transpose_a', left), a.flag('transpose_b', right)];
  }
}
