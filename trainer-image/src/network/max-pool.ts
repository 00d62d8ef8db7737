import type { OpAttribute } from '../backend/binding.ts';
import type { Device, Tensor } from '../backend/device.ts';
import type { Layer } from './layer.ts';

/** The largest of each 2x2 square; an odd last row or column is dropped. */
export class MaxPool implements Layer {
  readonly kind = 'max-pool';
  readonly parameters = [];
  readonly statistics = [];
  readonly #device: Device;
  readonly #attributes: readonly OpAttribute[];
  readonly #native: boolean;
  /** Where oneDNN noted which value of each square was the largest. */
  #workspace: Tensor | undefined;

  /** @param native Use oneDNN's op, bit for bit equal and much faster in `backward`. */
  constructor(device: Device, native = device.hasNativeMaxPool) {
    const a = device.attribute;
    const plain = [
      a.float32('T'),
      a.integer('ksize', [1, 2, 2, 1]),
      a.integer('strides', [1, 2, 2, 1]),
      a.text('padding', 'VALID'),
      a.text('data_format', 'NHWC'),
    ];
    this.#device = device;
    this.#native = native;
    this.#attributes = native
      ? [...plain, a.flag('workspace_enabled', true), a.text('_kernel', 'MklNameChangeOp')]
      : plain;
  }

  forward(input: Tensor, training: boolean): Tensor {
    const device = this.#device;
    if (!this.#native) return device.run('MaxPool', this.#attributes, input);
    const [output, workspace] = device.runMany('_MklNativeMaxPool', this.#attributes, [input], 2);
    if (output === undefined) throw new Error('_MklNativeMaxPool');
    // An evaluation leaves alone what an unfinished training pass keeps.
    if (training) {
      device.free(this.#workspace);
      this.#workspace = workspace;
    } else {
      device.free(workspace);
    }
    return output;
  }

  backward(gradient: Tensor, input: Tensor, output: Tensor): Tensor {
    const device = this.#device;
    if (!this.#native) return device.run('MaxPoolGrad', this.#attributes, input, output, gradient);
    const workspace = this.#workspace;
    if (workspace === undefined) throw new Error('backward without forward');
    this.#workspace = undefined;
    const inputGradient = device.run(
      '_MklNativeMaxPoolGrad',
      this.#attributes,
      input,
      output,
      gradient,
      workspace,
    );
    device.free(workspace);
    return inputGradient;
  }
}
