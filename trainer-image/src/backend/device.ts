import { type Binding, loadBinding, type OpAttribute } from './binding.ts';
import { applyRuntimeSettings, oneDnnIsOff, type RuntimeSettings } from './runtime-settings.ts';

/** A tensor on the device. Whoever holds it frees it: nothing here is garbage collected. */
export interface Tensor {
  readonly id: number;
  readonly shape: readonly number[];
}

/** Runs raw ops. One per process, because libtensorflow has one context. */
export class Device {
  readonly isGpu: boolean;
  readonly version: string;
  /** Whether oneDNN's max pooling works here; its gradient is 15 times faster than the plain one. */
  readonly hasNativeMaxPool: boolean;
  readonly #binding: Binding;

  constructor(binding: Binding, useOneDnn: boolean) {
    this.#binding = binding;
    this.isGpu = binding.isUsingGpuDevice();
    this.version = binding.TF_Version;
    this.hasNativeMaxPool = useOneDnn && !this.isGpu && this.#probeNativeMaxPool();
  }

  /** Tensors alive, for tests that nothing leaks. */
  get liveTensors(): number {
    return this.#binding.getNumOfTensors();
  }

  floats(shape: readonly number[], data: Float32Array): Tensor {
    return { id: this.#binding.createTensor(shape, this.#binding.TF_FLOAT, data), shape };
  }

  zeros(shape: readonly number[]): Tensor {
    return this.floats(shape, new Float32Array(shape.reduce((size, length) => size * length, 1)));
  }

  scalar(value: number): Tensor {
    return this.floats([], Float32Array.of(value));
  }

  integers(shape: readonly number[], data: Int32Array): Tensor {
    return { id: this.#binding.createTensor(shape, this.#binding.TF_INT32, data), shape };
  }

  /** `data` may be shared with TensorFlow: it must not change while the tensor lives. */
  bytes(shape: readonly number[], data: Uint8Array): Tensor {
    return { id: this.#binding.createTensor(shape, this.#binding.TF_UINT8, data), shape };
  }

  /** Copies a float tensor to the host. */
  readFloats(tensor: Tensor): Float32Array {
    return this.#binding.tensorDataSync(tensor.id) as Float32Array;
  }

  free(...tensors: readonly (Tensor | undefined)[]): void {
    for (const tensor of tensors) if (tensor !== undefined) this.#binding.deleteTensor(tensor.id);
  }

  /** Runs an op with one output. */
  run(name: string, attributes: readonly OpAttribute[], ...inputs: readonly Tensor[]): Tensor {
    const [output] = this.runMany(name, attributes, inputs, 1);
    if (output === undefined) throw new Error(`${name} returned nothing`);
    return output;
  }

  /** Runs an op with `outputs` outputs; 0 for those that only change a variable. */
  runMany(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[] {
    const ids = inputs.map((tensor) => tensor.id);
    return this.#binding.executeOp(name, attributes, ids, outputs);
  }

  readonly attribute = {
    float32: (name: string) => this.#type(name, this.#binding.TF_FLOAT),
    int32: (name: string) => this.#type(name, this.#binding.TF_INT32),
    uint8: (name: string) => this.#type(name, this.#binding.TF_UINT8),
    text: (name: string, value: string): OpAttribute => ({
      name,
      type: this.#binding.TF_ATTR_STRING,
      value,
    }),
    integer: (name: string, value: number | readonly number[]): OpAttribute => ({
      name,
      type: this.#binding.TF_ATTR_INT,
      value,
    }),
    float: (name: string, value: number): OpAttribute => ({
      name,
      type: this.#binding.TF_ATTR_FLOAT,
      value,
    }),
    flag: (name: string, value: boolean): OpAttribute => ({
      name,
      type: this.#binding.TF_ATTR_BOOL,
      value,
    }),
    shape: (name: string, value: readonly number[]): OpAttribute => ({
      name,
      type: this.#binding.TF_ATTR_SHAPE,
      value,
    }),
  };

  #type(name: string, value: number): OpAttribute {
    return { name, type: this.#binding.TF_ATTR_TYPE, value };
  }

  #probeNativeMaxPool(): boolean {
    const input = this.floats([1, 2, 2, 1], new Float32Array(4));
    try {
      const a = this.attribute;
      const outputs = this.runMany(
        '_MklNativeMaxPool',
        [
          a.float32('T'),
          a.integer('ksize', [1, 2, 2, 1]),
          a.integer('strides', [1, 2, 2, 1]),
          a.text('padding', 'VALID'),
          a.flag('workspace_enabled', true),
          a.text('_kernel', 'MklNameChangeOp'),
        ],
        [input],
        2,
      );
      this.free(...outputs);
      return true;
    } catch {
      // The op is internal to TensorFlow: a build without it is slower, not wrong.
      return false;
    } finally {
      this.free(input);
    }
  }
}

let opened: Device | undefined;

/**
 * The process's device; the first call loads libtensorflow with `settings`, later ones return the
 * same device whatever they ask for, because libtensorflow reads its settings once.
 */
export function openDevice(settings: RuntimeSettings): Device {
  if (opened === undefined) {
    applyRuntimeSettings(settings);
    opened = new Device(loadBinding(), !oneDnnIsOff(process.env));
  }
  return opened;
}
