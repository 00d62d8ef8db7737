import { availableParallelism } from 'node:os';
import { openDevice } from '../backend/device.ts';
import { runtimeEnvironment } from '../backend/runtime-settings.ts';

/** What a run would find on this machine. */
export function examineMachine(threads: number | undefined): Record<string, unknown> {
  const settings = { threads, deterministic: true };
  const began = performance.now();
  const device = openDevice(settings);
  return {
    node: process.version,
    tensorflow: device.version,
    device: device.isGpu ? 'gpu' : 'cpu',
    threads: threads ?? availableParallelism(),
    oneDnnMaxPool: device.hasNativeMaxPool,
    loadMs: Math.round(performance.now() - began),
    environment: Object.fromEntries(
      Object.keys(runtimeEnvironment(settings)).map((name) => [name, process.env[name]]),
    ),
  };
}
