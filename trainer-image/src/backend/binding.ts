import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What an op returns per output; `dtype` is a `TF_DataType`. */
interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** One attribute of an op; `type` is one of the binding's `TF_ATTR_...`. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

/** The addon of tfjs-node: libtensorflow's eager C API. Every call blocks until the op is done. */
export interface Binding {
  createTensor(
    shape: readonly number[],
    dtype: number,
    data: Float32Array | Int32Array | Uint8Array,
  ): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[];
  getNumOfTensors(): number;
  isUsingGpuDevice(): boolean;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_UINT8: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_Version: string;
}

/**
 * Loads the addon of `@tensorflow/tfjs-node-gpu`, at the first call and on the main thread only.
 *
 * We take the addon without the package's JavaScript: our layers call ops themselves, every trial
 * starts a quarter of a second sooner, and nothing touches the functions that Node 23 removed from
 * `node:util`, which that JavaScript still calls. In a worker it would open a context, and a GPU
 * allocation, of its own.
 *
 * @throws {Error} naming the set-up script if the addon was not built.
 */
export function loadBinding(): Binding {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'));
  const addon = join(folder, 'lib', 'napi-v8', 'tfjs_binding.node');
  if (!existsSync(addon)) {
    throw new Error(`${addon} is missing: run scripts/setup-tensorflow.sh`);
  }
  return require(addon) as Binding;
}
