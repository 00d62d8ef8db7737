import type { Device, Tensor } from './device.ts';

let created = 0;

/** A float tensor that ops change in place: a weight, or an optimiser's slot. */
export class Variable {
  readonly handle: Tensor;
  readonly shape: readonly number[];
  readonly #device: Device;

  constructor(device: Device, initial: Tensor) {
    const a = device.attribute;
    this.#device = device;
    this.shape = initial.shape;
    this.handle = device.run('VarHandleOp', [
      a.float32('dtype'),
      a.shape('shape', initial.shape),
      // Variables of one name are one variable, so each needs its own.
      a.text('shared_name', `espalier-${created++}`),
      a.text('container', ''),
    ]);
    this.assign(initial);
  }

  assign(value: Tensor): void {
    const a = this.#device.attribute;
    this.#device.runMany('AssignVariableOp', [a.float32('dtype')], [this.handle, value], 0);
  }

  /** The value; free it before the next in-place update, which otherwise copies the whole variable. */
  read(): Tensor {
    return this.#device.run(
      'ReadVariableOp',
      [this.#device.attribute.float32('dtype')],
      this.handle,
    );
  }

  /** The value on the host. */
  readFloats(): Float32Array {
    const value = this.read();
    const data = this.#device.readFloats(value);
    this.#device.free(value);
    return data;
  }

  dispose(): void {
    const attributes = [this.#device.attribute.flag('ignore_lookup_error', true)];
    this.#device.runMany('DestroyResourceOp', attributes, [this.handle], 0);
    this.#device.free(this.handle);
  }
}
