import type { Device } from '../backend/device.ts';
import { fromFileLayout, toFileLayout } from '../network/file-layout.ts';
import type { Network } from '../network/network.ts';
import type { Optimizer } from '../optimise/optimizer.ts';
import { counterTensor, type FileTensor, floatsOf, floatTensor } from './safetensors.ts';

/** The network with PyTorch's names and layouts, such that `load_state_dict` takes it as it is. */
export function modelTensors(device: Device, network: Network, steps: number): FileTensor[] {
  const tensors = network.parameters.map(({ name, layout, variable }) =>
    floatTensor(name, layout.shape, toFileLayout(variable.readFloats(), layout)),
  );
  for (const { name, value } of network.statistics) {
    tensors.push(floatTensor(name, value.shape, device.readFloats(value)));
    if (name.endsWith('.running_var')) {
      tensors.push(counterTensor(name.replace('running_var', 'num_batches_tracked'), steps));
    }
  }
  return tensors;
}

/** @throws {Error} naming a tensor that is missing or has another shape. */
export function loadModel(
  device: Device,
  network: Network,
  tensors: ReadonlyMap<string, FileTensor>,
): void {
  for (const { name, layout, variable } of network.parameters) {
    const values = fromFileLayout(requireTensor(tensors, name, layout.shape), layout);
    const value = device.floats(variable.shape, values);
    variable.assign(value);
    device.free(value);
  }
  for (const statistic of network.statistics) {
    const { shape } = statistic.value;
    const value = device.floats(shape, requireTensor(tensors, statistic.name, shape));
    device.free(statistic.value);
    statistic.value = value;
  }
}

/** What the optimiser remembers, in our own layout: nobody else reads it. */
export function slotTensors(optimizer: Optimizer): FileTensor[] {
  return optimizer.slots.map(({ name, variable }) =>
    floatTensor(name, variable.shape, variable.readFloats()),
  );
}

/** @throws {Error} naming a slot that is missing or has another shape. */
export function loadSlots(
  device: Device,
  optimizer: Optimizer,
  tensors: ReadonlyMap<string, FileTensor>,
): void {
  for (const { name, variable } of optimizer.slots) {
    const value = device.floats(variable.shape, requireTensor(tensors, name, variable.shape));
    variable.assign(value);
    device.free(value);
  }
}

function requireTensor(
  tensors: ReadonlyMap<string, FileTensor>,
  name: string,
  shape: readonly number[],
): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`the checkpoint has no tensor ${name}`);
  if (tensor.shape.join('x') !== shape.join('x')) {
    throw new Error(
      `${name} is ${tensor.shape.join('x')} in the checkpoint, ${shape.join('x')} in this network`,
    );
  }
  return floatsOf(tensor);
}
