import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ARTIFACT,
  checkpointFolder,
  type Manifest,
  manifestSchema,
  type Point,
  pointSchema,
} from '@espalier/api';
import type { Parameters } from '../parameters/definition.ts';
import { ConfigurationError, messageOf, systemCode } from '../trainer-error.ts';
import { freshState, type RunState } from '../training/run-state.ts';
import { decodeSafetensors, type FileTensor } from './safetensors.ts';

const MANIFEST_NAME = /^manifest-(\d+)\.json$/;
/** Keys in the metadata of a state file. */
const STATE_KEY = 'espalier.run_state';
export const PARAMETERS_KEY = 'espalier.parameters';
/** Parameters that decide which tensors a checkpoint has. */
const SHAPING = ['imageSize', 'width', 'classes', 'optimizer'] as const;

/** A checkpoint, read and verified. */
export interface Resume {
  readonly folder: string;
  readonly manifestName: string;
  readonly manifest: Manifest;
  readonly state: RunState;
  readonly model: ReadonlyMap<string, FileTensor>;
  readonly slots: ReadonlyMap<string, FileTensor>;
  /** Those of the run that made the checkpoint. */
  readonly parameters: Partial<Parameters>;
  /** The trial's points up to the checkpoint. */
  readonly points: readonly Point[];
}

/**
 * Reads the checkpoint in `folder`; undefined if the folder is empty or missing: start anew.
 *
 * A damaged file is an error, not a fresh start: starting anew would throw away hours without a word,
 * while a retry may get an intact copy.
 *
 * @throws {Error} naming the file that is damaged or missing.
 */
export function readResume(folder: string): Resume | undefined {
  const manifestName = findManifest(folder);
  if (manifestName === undefined) return undefined;
  const manifest = readManifest(join(folder, manifestName));
  if (manifest.resume === null) {
    throw new ConfigurationError(`${folder} holds a run that is complete: nothing to resume`);
  }
  const contents = new Map<string, Buffer>();
  for (const file of manifest.files) {
    const path = join(folder, file.path);
    const content = readFileSync(path);
    const digest = createHash('sha256').update(content).digest('hex');
    if (content.length !== file.size || digest !== file.sha256) {
      throw new Error(`${path} is damaged: its content is not what ${manifestName} lists`);
    }
    contents.set(file.path, content);
  }
  const checkpoint = checkpointFolder(manifest.resume.step);
  const model = decode(folder, `${checkpoint}/${ARTIFACT.model}`, contents);
  const state = decode(folder, `${checkpoint}/${ARTIFACT.state}`, contents);
  return {
    folder,
    manifestName,
    manifest,
    state: JSON.parse(state.metadata[STATE_KEY] ?? 'null') as RunState,
    parameters: JSON.parse(state.metadata[PARAMETERS_KEY] ?? '{}') as Partial<Parameters>,
    model: model.tensors,
    slots: state.tensors,
    points: readPoints(contents),
  };
}

/**
 * The checkpoint of another trial, as this one goes on from it: with its weights, the state of its optimiser,
 * its step and its epoch, so that schedules follow; without its best, its points and the part of an epoch
 * that it had done with other parameters.
 */
export function asParent({ manifest, state, ...rest }: Resume): Resume {
  const { step, epoch } = state;
  return {
    ...rest,
    manifest: {
      ...manifest,
      best: null,
      files: manifest.files.filter(({ path }) => !path.startsWith('points-')),
    },
    state: { ...freshState(), step, epoch },
    points: [],
  };
}

/** What a state file says beside its tensors. */
export function describeState(state: RunState, parameters: Parameters): Record<string, string> {
  return { [STATE_KEY]: JSON.stringify(state), [PARAMETERS_KEY]: JSON.stringify(parameters) };
}

/** What a model file says beside its tensors: all that decided it, so not how it was decoded. */
export function describeModel({ workers: _, ...parameters }: Parameters): Record<string, string> {
  return { [PARAMETERS_KEY]: JSON.stringify(parameters) };
}

/** @throws {ConfigurationError} if the checkpoint is of another network or optimiser. */
export function checkFits({ folder, parameters: saved }: Resume, wanted: Parameters): void {
  for (const name of SHAPING) {
    if (saved[name] === undefined || saved[name] === wanted[name]) continue;
    throw new ConfigurationError(
      `the checkpoint in ${folder} has ${name} ${saved[name]}, this run has ${wanted[name]}`,
    );
  }
}

/** The newest manifest of `folder`; one that ends an attempt counts only if it is the only one. */
export function findManifest(folder: string): string | undefined {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new Error(`cannot list ${folder}: ${messageOf(error)}`, { cause: error });
  }
  const step = (name: string): number => Number(MANIFEST_NAME.exec(name)?.[1] ?? -1);
  const checkpoints = names.filter((name) => MANIFEST_NAME.test(name));
  const newest = checkpoints.sort((a, b) => step(b) - step(a))[0];
  return newest ?? names.find((name) => name === ARTIFACT.manifest);
}

function readManifest(path: string): Manifest {
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new Error(`${path} is damaged: ${messageOf(error)}`, { cause: error });
  }
}

function decode(
  folder: string,
  path: string,
  contents: ReadonlyMap<string, Buffer>,
): ReturnType<typeof decodeSafetensors> {
  const content = contents.get(path);
  if (content === undefined) throw new Error(`${folder}: the manifest does not list ${path}`);
  try {
    return decodeSafetensors(content);
  } catch (error) {
    throw new Error(`${join(folder, path)} is damaged: ${messageOf(error)}`, { cause: error });
  }
}

function readPoints(contents: ReadonlyMap<string, Buffer>): Point[] {
  const segments = [...contents].filter(([path]) => path.startsWith('points-'));
  const lines = segments.flatMap(([, content]) => content.toString().split('\n'));
  const points = lines
    .filter((line) => line !== '')
    .map((line) => pointSchema.parse(JSON.parse(line)));
  return points.sort((a, b) => a.seq - b.seq);
}
