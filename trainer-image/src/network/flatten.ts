import type { OpAttribute } from '../backend/binding.ts';
import type { Device, Tensor } from '../backend/device.ts';
import type { Layer } from './layer.ts';

/** Each image's height x width x channels as one row. */
export class Flatten implements Layer {
  readonly kind = 'flatten';
  readonly parameters = [];
  readonly statistics = [];
  readonly #device: Device;
  readonly #attributes: readonly OpAttribute[];

  constructor(device: Device) {
    this.#device = device;
    this.#attributes = [device.attribute.float32('T'), device.attribute.int32('Tshape')];
  }

  forward(input: Tensor): Tensor {
    const [batch = 0, ...rest] = input.shape;
    return this.#reshape(input, [batch, rest.reduce((a, b) => a * b, 1)]);
  }

  backward(gradient: Tensor, input: Tensor): Tensor {
    return this.#reshape(gradient, input.shape);
  }

  #reshape(tensor: Tensor, shape: readonly number[]): Tensor {
    const target = this.#device.integers([shape.length], Int32Array.from(shape));
    const result = this.#device.run('Reshape', this.#attributes, tensor, target);
    this.#device.free(target);
    return result;
  }
}
