import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACT, manifestSchema } from '@espalier/api';
import type { Device } from '../backend/device.ts';
import { buildNetwork, type Network } from '../network/network.ts';
import {
  type LayerSpecification,
  type NetworkShape,
  specifyNetwork,
} from '../network/specification.ts';
import { PARAMETER_NAMES, PARAMETERS, type Parameters } from '../parameters/definition.ts';
import { ConfigurationError, messageOf } from '../trainer-error.ts';
import { modelPath } from './checkpointer.ts';
import { loadModel } from './model-file.ts';
import { findManifest, PARAMETERS_KEY } from './resume.ts';
import { decodeSafetensors, type FileTensor } from './safetensors.ts';

/** The size of the widest layer at a width of 1: the one that tells the width best. */
const WIDEST = 1024;
/** Five poolings leave a 32nd of the side. */
const SHRINK = 32;

/** A trained network's tensors, and the parameters of the run that made it. */
export interface SavedModel {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, FileTensor>;
  readonly parameters: Parameters;
}

/**
 * Reads a model file, or the best model of a run's folder.
 *
 * The file may come from elsewhere, such as from PyTorch: its size is then seen from its tensors.
 *
 * @throws {ConfigurationError} naming the file and what is wrong with it.
 */
export function readModel(path: string): SavedModel {
  const file = isFolder(path) ? bestModelOf(path) : path;
  try {
    const { tensors, metadata } = decodeSafetensors(readFileSync(file));
    const saved = JSON.parse(metadata[PARAMETERS_KEY] ?? '{}') as Record<string, unknown>;
    const defaults = PARAMETER_NAMES.map((name) => [name, PARAMETERS[name].fallback]);
    const parameters = { ...Object.fromEntries(defaults), ...saved, ...shapeOf(tensors, saved) };
    return { path: file, tensors, parameters: parameters as Parameters };
  } catch (error) {
    throw new ConfigurationError(`cannot read the model ${file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * A network with the weights of `model`; the caller disposes of it.
 *
 * @throws {ConfigurationError} naming the file and the tensor that does not fit.
 */
export function openNetwork(device: Device, { path, tensors, parameters }: SavedModel): Network {
  const layers = specifyNetwork(parameters);
  requireWeights(path, layers, tensors);
  const network = buildNetwork(device, layers, parameters.seed);
  try {
    loadModel(device, network, tensors);
  } catch (error) {
    network.dispose();
    throw new ConfigurationError(`${path}: ${messageOf(error)}`, { cause: error });
  }
  return network;
}

/** Before anything of the sizes that a file claims to have is made: its tensors are no larger than itself. */
function requireWeights(
  path: string,
  layers: readonly LayerSpecification[],
  tensors: SavedModel['tensors'],
): void {
  for (const layer of layers) {
    if (layer.kind !== 'convolution' && layer.kind !== 'linear') continue;
    const name = `${layer.name}.weight`;
    const [to, from] = tensors.get(name)?.shape ?? [];
    if (to === layer.to && from === layer.from) continue;
    if (to === undefined) throw new ConfigurationError(`${path}: it has no tensor ${name}`);
    const [found, wanted] = [`${to}x${from}`, `${layer.to}x${layer.from}`];
    throw new ConfigurationError(
      `${path}: ${name} is ${found} in the checkpoint, ${wanted} in this network`,
    );
  }
}

function bestModelOf(folder: string): string {
  const name = findManifest(folder) ?? ARTIFACT.manifest;
  let text: string;
  try {
    text = readFileSync(join(folder, name), 'utf8');
  } catch (error) {
    throw new ConfigurationError(`${folder} holds no run: there is no ${name}`, { cause: error });
  }
  const parsed = manifestSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new ConfigurationError(`${join(folder, name)} is damaged`);
  const { best } = parsed.data;
  if (best === null) {
    throw new ConfigurationError(
      `there is no checkpoint in ${folder}: no epoch had an accuracy above 0`,
    );
  }
  return join(folder, modelPath(best.step));
}

function shapeOf(
  tensors: ReadonlyMap<string, FileTensor>,
  saved: Record<string, unknown>,
): Partial<NetworkShape> {
  if (saved['imageSize'] !== undefined) return {};
  const size = (name: string, axis: number): number => {
    const length = tensors.get(name)?.shape[axis];
    if (length === undefined) throw new Error(`it has no tensor ${name}`);
    return length;
  };
  const pixels = size('fc.0.weight', 1) / size('cnn.16.weight', 0);
  return {
    imageSize: SHRINK * Math.round(Math.sqrt(pixels)),
    width: size('fc.0.weight', 0) / WIDEST,
    classes: size('fc.4.weight', 0),
  };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new ConfigurationError(`there is no model or run ${path}`, { cause: error });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses it by the same message as any other damage.
    return undefined;
  }
}
