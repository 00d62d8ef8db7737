import type { OpAttribute } from '../backend/binding.ts';
import type { Device, Tensor } from '../backend/device.ts';
import type { Layer } from './layer.ts';

/** Negative values become 0. */
export class Relu implements Layer {
  readonly kind = 'relu';
  readonly parameters = [];
  readonly statistics = [];
  readonly #device: Device;
  readonly #attributes: readonly OpAttribute[];

  constructor(device: Device) {
    this.#device = device;
    this.#attributes = [device.attribute.float32('T')];
  }

  forward(input: Tensor): Tensor {
    return this.#device.run('Relu', this.#attributes, input);
  }

  backward(gradient: Tensor, _input: Tensor, output: Tensor): Tensor {
    return this.#device.run('ReluGrad', this.#attributes, gradient, output);
  }
}
