import type { Device } from '../backend/device.ts';
import { Variable } from '../backend/variable.ts';
import { RandomStream } from '../random/stream.ts';
import type { FileLayout } from './file-layout.ts';
import type { Parameter, RunningStatistic } from './layer.ts';

/** Makes the first values of a network as PyTorch does, from streams named after the parameters. */
export class Initialiser {
  readonly #device: Device;
  readonly #seed: number;

  constructor(device: Device, seed: number) {
    this.#device = device;
    this.#seed = seed;
  }

  /** Uniform in +-1/sqrt(fanIn): weights and biases of convolutions and linear layers. */
  uniform(name: string, shape: readonly number[], fanIn: number, layout: FileLayout): Parameter {
    const bound = 1 / Math.sqrt(fanIn);
    const random = new RandomStream(this.#seed, 'initial-weights', name);
    const values = Float32Array.from({ length: sizeOf(shape) }, () =>
      Math.fround((2 * random.uniform() - 1) * bound),
    );
    return this.#parameter(name, shape, values, layout);
  }

  constant(name: string, length: number, value: number, layout: FileLayout): Parameter {
    return this.#parameter(name, [length], new Float32Array(length).fill(value), layout);
  }

  statistic(name: string, length: number, value: number): RunningStatistic {
    return { name, value: this.#device.floats([length], new Float32Array(length).fill(value)) };
  }

  #parameter(
    name: string,
    shape: readonly number[],
    values: Float32Array,
    layout: FileLayout,
  ): Parameter {
    const initial = this.#device.floats(shape, values);
    const variable = new Variable(this.#device, initial);
    this.#device.free(initial);
    return { name, variable, layout, gradient: undefined };
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
