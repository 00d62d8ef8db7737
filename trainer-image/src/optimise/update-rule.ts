import type { Device, Tensor } from '../backend/device.ts';
import type { Variable } from '../backend/variable.ts';

/** One step of an optimiser, its numbers already on the device. */
interface PreparedStep {
  /** Changes `weight` and its `slots` in place; keeps and frees none of its arguments. */
  update(weight: Variable, slots: readonly Variable[], gradient: Tensor): void;
  release(): void;
}

/** How an optimiser turns gradients into changes; all its memory lies in slots and the step number. */
export interface UpdateRule {
  /** Names of the tensors that it keeps for every parameter; each starts at 0. */
  readonly slots: readonly string[];
  /**
   * How the weight decay acts: as the gradient of an L2 penalty, or straight on the weights.
   *
   * @default 'penalty'
   */
  readonly decay?: 'penalty' | 'decoupled';
  /** @param step 1 for the first step of a run. */
  prepare(device: Device, learningRate: number, step: number): PreparedStep;
}

export interface UpdateRuleSettings {
  readonly momentum: number;
  readonly rmspropMomentum: number;
}
