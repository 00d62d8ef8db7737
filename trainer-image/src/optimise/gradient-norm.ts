import type { Device, Tensor } from '../backend/device.ts';

/** The L2 norm of all `gradients` taken as one vector; not finite if any of them is not. */
export function globalNorm(device: Device, gradients: readonly Tensor[]): number {
  const a = device.attribute;
  const halves = gradients.map((gradient) => device.run('L2Loss', [a.float32('T')], gradient));
  const sum = device.run('AddN', [a.integer('N', halves.length), a.float32('T')], ...halves);
  const [half = Number.NaN] = device.readFloats(sum);
  device.free(sum, ...halves);
  return Math.sqrt(2 * half);
}

/** The factor that brings a norm down to `limit`, 1 if it is below; a limit of 0 never clips. */
export function clipFactor(norm: number, limit: number): number {
  return limit === 0 ? 1 : Math.min(1, limit / (norm + 1e-6));
}
