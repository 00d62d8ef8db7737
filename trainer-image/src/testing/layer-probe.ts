import { type Device, openDevice, type Tensor } from '../backend/device.ts';
import type { Layer } from '../network/layer.ts';
import { permutation, RandomStream } from '../random/stream.ts';

/** The device of a test process: one thread, since others share the machine. */
export function testDevice(): Device {
  return openDevice({ threads: 1, deterministic: true });
}

/** Values in [-1, 1), always the same for one name. */
export function noise(name: string, length: number): Float32Array {
  const random = new RandomStream(1, 'test', name);
  return Float32Array.from({ length }, () => 2 * random.uniform() - 1);
}

/** Values around 0 of which no two, nor any and 0, are closer than 0.03, in an order of their own. */
export function separated(name: string, length: number): Float32Array {
  const order = permutation(length, new RandomStream(1, 'test', name));
  return Float32Array.from(order, (place) => (place - Math.floor(length / 2) + 0.5) * 0.06);
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** What one layer makes of plain numbers, and the gradients of a weighted sum of its outputs. */
export interface LayerProbe {
  output(input: Float32Array): Float32Array;
  /** Of sum(weights * output) by the input (empty if the layer has none) and by each parameter. */
  gradients(input: Float32Array, weights: Float32Array): (Float32Array | undefined)[];
}

/** Runs a layer on host arrays, in training mode. */
export function probeLayer(device: Device, layer: Layer, shape: readonly number[]): LayerProbe {
  const forward = (input: Float32Array): [Tensor, Tensor] => {
    const x = device.floats(shape, input);
    return [x, layer.forward(x, true)];
  };
  return {
    output(input) {
      const [x, y] = forward(input);
      const values = device.readFloats(y);
      device.free(x, y);
      return values;
    },
    gradients(input, weights) {
      const [x, y] = forward(input);
      const dy = device.floats(y.shape, weights);
      const dx = layer.backward(dy, x, y);
      const result = [
        dx && device.readFloats(dx),
        ...layer.parameters.map(({ gradient }) => gradient && device.readFloats(gradient)),
      ];
      device.free(x, y, dy, dx, ...layer.parameters.map(({ gradient }) => gradient));
      for (const parameter of layer.parameters) parameter.gradient = undefined;
      return result;
    },
  };
}
