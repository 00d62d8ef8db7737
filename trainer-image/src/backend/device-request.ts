import { ConfigurationError } from '../trainer-error.ts';
import type { Device } from './device.ts';

/** What a job asks for: `gpu` must have one, `cpu` or nothing takes what there is. */
export const DEVICE_VARIABLE = 'ESPALIER_DEVICE';

export function wantsGpu(environment: NodeJS.ProcessEnv): boolean {
  const wish = environment[DEVICE_VARIABLE];
  if (wish === undefined || wish === '' || wish === 'cpu') return false;
  if (wish === 'gpu') return true;
  throw new ConfigurationError(`${DEVICE_VARIABLE} must be cpu or gpu, got ${wish}`);
}

/**
 * Refuses to go on on a CPU where a GPU was asked for: it would take a hundred times as long, unseen.
 *
 * @throws {ConfigurationError}.
 */
export function requireWantedDevice(device: Device, environment: NodeJS.ProcessEnv): void {
  if (!wantsGpu(environment) || device.isGpu) return;
  throw new ConfigurationError(
    `a GPU was asked for (${DEVICE_VARIABLE}=gpu) and TensorFlow ${device.version} uses none: ` +
      'see "espalier-train doctor"',
  );
}
