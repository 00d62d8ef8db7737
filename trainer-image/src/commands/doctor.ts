import { availableParallelism } from 'node:os';
import { EXIT_CODE } from '@espalier/api';
import { openDevice } from '../backend/device.ts';
import { wantsGpu } from '../backend/device-request.ts';
import { loadedLibraries } from '../backend/libraries.ts';
import { runtimeEnvironment } from '../backend/runtime-settings.ts';

/** Read by TensorFlow, CUDA and our own launcher. */
const OTHER_VARIABLES = [
  'TF_ENABLE_ONEDNN_OPTS',
  'CUDA_VISIBLE_DEVICES',
  'CUDA_CACHE_PATH',
  'CUDA_CACHE_MAXSIZE',
  'NVIDIA_TF32_OVERRIDE',
  'LD_LIBRARY_PATH',
];

export interface Diagnosis {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly exitCode: number;
}

/** What a run would find on this machine; not 0 if a GPU was asked for and none is used. */
export function examineMachine(
  threads: number | undefined,
  environment: NodeJS.ProcessEnv,
): Diagnosis {
  const settings = { threads, deterministic: true };
  const isGpuWanted = wantsGpu(environment);
  const began = performance.now();
  const device = openDevice(settings);
  const loadMs = Math.round(performance.now() - began);
  const names = [...Object.keys(runtimeEnvironment(settings)), ...OTHER_VARIABLES];
  const isMissing = isGpuWanted && !device.isGpu;
  const facts = {
    node: process.version,
    tensorflow: device.version,
    device: device.isGpu ? 'gpu' : 'cpu',
    wanted: isGpuWanted ? 'gpu' : 'any',
    ...(isMissing && { problem: 'a GPU was asked for and TensorFlow uses none' }),
    threads: threads ?? availableParallelism(),
    oneDnnMaxPool: device.hasNativeMaxPool,
    loadMs,
    determinism: {
      ops: environment['TF_DETERMINISTIC_OPS'] === '1',
      cudnn: environment['TF_CUDNN_DETERMINISTIC'] === '1',
    },
    environment: Object.fromEntries(names.map((name) => [name, environment[name] ?? null])),
    libraries: loadedLibraries(),
  };
  return { facts, exitCode: isMissing ? EXIT_CODE.configuration : EXIT_CODE.done };
}
